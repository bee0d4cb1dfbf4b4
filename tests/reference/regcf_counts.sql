-- SPDX-License-Identifier: MIT
-- The figures of regcf_counts.json from the raw offer rows: one row (name, value) each, as text.
-- Inputs: submission, and offers = the rows of configs/sql/regcf_offers.sql.
SELECT 'all_filings' AS name, CAST(count(*) AS VARCHAR) AS value FROM submission
UNION ALL
SELECT 'filings_' || form_type, CAST(count(*) AS VARCHAR) FROM offers GROUP BY form_type
UNION ALL
SELECT name, value
FROM (
    UNPIVOT (
        SELECT CAST(COLUMNS(*) AS VARCHAR)
        FROM (
            SELECT
                count(*) AS "rows",
                count(DISTINCT platform_name) AS platforms,
                count(DISTINCT offer_id) AS offers,
                count(DISTINCT (platform_name, offer_id)) AS platform_offers,
                count(DISTINCT crawled_date_day) AS days,
                count(DISTINCT (platform_name, offer_id, crawled_date_day)) AS platform_offer_days,
                min(crawled_date_day) AS first_day,
                max(crawled_date_day) AS last_day,
                count(funding_goal_usd) AS goals,
                -- In cents, so that the sum is exact in any order.
                sum(CAST(round(funding_goal_usd * 100) AS BIGINT)) AS goal_sum_cents,
                count(progress_update) AS progress_updates
            FROM offers
        )
    ) ON COLUMNS(*) INTO NAME name VALUE value
)
ORDER BY name
