-- SPDX-License-Identifier: MIT
-- The sums of filings_regcf.csv from the features and views: a row (name, column, n, total) of each
-- table's days and of every number and truth. An error where one is not as pandas has it.
WITH totals AS (
    SELECT 'features' AS name, "column", count(value) AS n, sum(value) AS total
    FROM (
        UNPIVOT (
            SELECT
                CAST(crawled_date_day - DATE '1970-01-01' AS DOUBLE) AS "rows",
                CAST(COLUMNS('^(last|mean|ema|edgar_has|edgar_valid)') AS DOUBLE)
            FROM features
        ) ON COLUMNS(*) INTO NAME "column" VALUE value
    )
    GROUP BY "column"
    UNION ALL
    SELECT name, "column", count(value), sum(value)
    FROM (
        UNPIVOT (
            SELECT
                name,
                CAST(epoch(snapshot_ts) / 86400 AS DOUBLE) AS "rows",
                CAST(COLUMNS('^funding_') AS DOUBLE)
            FROM (
                SELECT 'weekly' AS name, * FROM weekly
                UNION ALL
                SELECT 'monthly', * FROM monthly
            )
        ) ON COLUMNS(* EXCLUDE (name)) INTO NAME "column" VALUE value
    )
    GROUP BY name, "column"
    UNION ALL
    SELECT name, "column", count(value), sum(value)
    FROM (
        UNPIVOT (
            SELECT
                name,
                CAST(epoch(period_start) / 86400 AS DOUBLE) AS "rows",
                CAST(COLUMNS('^(last|mean|ema|edgar_has|edgar_valid)') AS DOUBLE)
            FROM (
                SELECT 'edgar_weekly' AS name, * FROM edgar_weekly
                UNION ALL
                SELECT 'edgar_monthly', * FROM edgar_monthly
            )
        ) ON COLUMNS(* EXCLUDE (name)) INTO NAME "column" VALUE value
    )
    GROUP BY name, "column"
    UNION ALL
    SELECT 'stages', 'rows', count(*), sum(CAST(snapshot_day - DATE '1970-01-01' AS DOUBLE))
    FROM stages
    UNION ALL
    SELECT 'stages', 'stage', count(*), sum(stage) FROM stages
)

SELECT
    name,
    "column",
    totals.n,
    CASE
        WHEN totals.n IS DISTINCT FROM golden.n
            OR abs(totals.total - golden.total) > 1e-9 * greatest(1, abs(golden.total))
            THEN error(concat(
                name, '.', "column", ': ', totals.n, ' values with the sum ', totals.total,
                ', pandas has ', golden.n, ' with ', golden.total
            ))
        ELSE totals.total
    END AS total
FROM totals FULL JOIN golden USING (name, "column")
ORDER BY name, "column"
