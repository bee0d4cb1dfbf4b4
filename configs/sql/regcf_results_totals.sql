-- SPDX-License-Identifier: MIT
-- Figures of the freeze of SEC filings: a name and a value each. Amounts in USD.
WITH offers AS (
    SELECT
        entity_id,
        last(funding_raised_usd ORDER BY crawled_date_day) FILTER (funding_raised_usd IS NOT NULL)
            AS raised
    FROM daily
    GROUP BY entity_id
),

changed AS (
    SELECT entity_id FROM day_to_stage GROUP BY entity_id HAVING max(stage) > 0
),

-- What was last known of each issuer.
issuers AS (
    SELECT * FROM features
    WHERE edgar_has_filing
    QUALIFY row_number() OVER (PARTITION BY cik ORDER BY crawled_date_day DESC) = 1
),

figures AS (
    SELECT 1 AS n, 'platforms' AS figure, count(DISTINCT platform_name)::DOUBLE AS value FROM daily
    UNION ALL SELECT 2, 'offers', count(*) FROM offers
    UNION ALL SELECT 3, 'issuers (CIK)', count(DISTINCT cik) FROM daily
    UNION ALL SELECT 4, 'days with a filing', count(DISTINCT crawled_date_day) FROM daily
    UNION ALL SELECT 5, 'offer-days', count(*) FROM daily
    UNION ALL SELECT 6, 'offers with an amount raised', count(raised) FROM offers
    UNION ALL SELECT 7, 'USD raised by these', round(sum(raised), 2) FROM offers
    UNION ALL SELECT 8, 'USD raised, median offer', median(raised) FROM offers
    UNION ALL SELECT 9, 'offers whose amount changed from one day to the next', count(*) FROM changed
    UNION ALL SELECT 10, 'offer-weeks', count(*) FROM offers_weekly
    UNION ALL SELECT 11, 'issuer-days with figures', count(*) FROM features WHERE edgar_has_filing
    UNION ALL SELECT 12, 'issuer-days without', count(*) FROM features WHERE NOT edgar_has_filing
    UNION ALL SELECT 13, 'total assets, median issuer, USD', median(last_total_assets_recent_usd)
        FROM issuers
    UNION ALL SELECT 14, 'revenue, median issuer, USD', median(last_revenue_recent_usd) FROM issuers
    UNION ALL SELECT 15, 'net income, median issuer, USD', median(last_net_income_recent_usd)
        FROM issuers
    UNION ALL SELECT 16, 'employees, median issuer', median(last_employees_count) FROM issuers
)

SELECT figure, value FROM figures ORDER BY n
