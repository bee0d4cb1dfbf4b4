-- SPDX-License-Identifier: MIT
-- The ten platforms with most offers: offers, offer-days, and what was last said to be raised, in USD.
WITH offers AS (
    SELECT
        platform_name,
        count(*) AS days,
        last(funding_raised_usd ORDER BY crawled_date_day) FILTER (funding_raised_usd IS NOT NULL)
            AS raised
    FROM daily
    GROUP BY platform_name, entity_id
)

SELECT
    platform_name AS platform,
    count(*) AS offers,
    sum(days)::BIGINT AS offer_days,
    count(raised) AS offers_with_amount,
    round(sum(raised), 2) AS raised_usd,
    median(raised) AS median_usd
FROM offers
GROUP BY platform_name
ORDER BY offers DESC, platform
LIMIT 10
