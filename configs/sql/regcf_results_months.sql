-- SPDX-License-Identifier: MIT
-- By month: offers seen for the first time, and the sum of the amounts that were first said to be
-- raised in it, in USD.
WITH firsts AS (
    SELECT
        entity_id,
        min(snapshot_ts) AS first_month,
        min(snapshot_ts) FILTER (funding_raised_usd IS NOT NULL) AS raised_month,
        first(funding_raised_usd ORDER BY snapshot_ts) FILTER (funding_raised_usd IS NOT NULL)
            AS raised
    FROM monthly
    GROUP BY entity_id
),

months AS (SELECT DISTINCT snapshot_ts AS month FROM monthly)

SELECT
    strftime(m.month, '%Y-%m') AS month,
    (SELECT count(*) FROM firsts AS f WHERE f.first_month = m.month) AS new_offers,
    (SELECT round(coalesce(sum(f.raised), 0), 2) FROM firsts AS f WHERE f.raised_month = m.month) AS raised_usd
FROM months AS m
ORDER BY month
