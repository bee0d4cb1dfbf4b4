-- SPDX-License-Identifier: MIT
-- configs/sql/regcf_offers.sql on the invented filings of regcf_cases/: an error names the first row
-- that differs from regcf_cases/expected.tsv, otherwise one row with the number of filings.
-- Inputs: offers = the query's rows on submission.tsv, disclosure.tsv, issuer.tsv of that folder;
-- expected = expected.tsv. All four files as the filings: no quoting, all columns VARCHAR.

WITH actual AS (
    -- In the order of expected.tsv, because EXCEPT compares by position.
    SELECT
        accession_number, platform_name, offer_id, crawled_date_day, processed_datetime, cik,
        funding_goal_usd, price_usd, funding_raised_usd, is_funded, employees_count
    FROM (SELECT CAST(COLUMNS(*) AS VARCHAR) FROM offers)
),

wanted AS (
    SELECT nullif(COLUMNS(name -> name <> 'filename'), '') FROM expected
),

differing AS (
    (SELECT 'unexpected' AS how, * FROM (FROM actual EXCEPT ALL FROM wanted))
    UNION ALL
    (SELECT 'missing' AS how, * FROM (FROM wanted EXCEPT ALL FROM actual))
)

SELECT CASE
    WHEN (SELECT count(*) FROM differing) > 0
        THEN error((SELECT min(concat_ws(' ', accession_number, how, differing)) FROM differing))
    WHEN (SELECT count(*) FROM wanted) = 0 THEN error('expected.tsv has no rows')
    ELSE (SELECT count(*) FROM actual)
END AS filings
