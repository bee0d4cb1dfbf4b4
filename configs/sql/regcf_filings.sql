-- SPDX-License-Identifier: MIT
-- SEC Regulation Crowdfunding filings -> what issuers say of themselves: one row per filing of form
-- C (offer), C/A (amendment) or C-AR (annual report) that has a page of figures.
-- Inputs, all columns VARCHAR: submission, disclosure (the FORM_C_*.tsv of all quarters).
-- Columns and units: docs/pipelines/freeze.md.

-- The decimal cast makes NULL of whatever is no number (NaN and infinity included) and takes off the
-- binary noise of the source: 9999.960000000001.
WITH figures AS (
    SELECT
        ACCESSION_NUMBER AS accession_number,
        TRY_CAST(CURRENTEMPLOYEES AS INTEGER) AS employees_count,
        CAST(TRY_CAST(COLUMNS('FISCALYEAR$') AS DECIMAL(18, 2)) AS DOUBLE)
    FROM disclosure
)

SELECT
    -- A few CIKs have lost a leading zero; the rest of the world writes ten digits.
    lpad(s.CIK, 10, '0') AS cik,
    -- The source has no time of day: a filing counts from the midnight of its day on.
    try_strptime(s.FILING_DATE, '%Y%m%d') AS filed_date,
    s.ACCESSION_NUMBER AS accession_number,
    s.SUBMISSION_TYPE AS form_type,
    f.employees_count,
    f.TOTALASSETMOSTRECENTFISCALYEAR AS total_assets_recent_usd,
    f.TOTALASSETPRIORFISCALYEAR AS total_assets_prior_usd,
    f.CASHEQUIMOSTRECENTFISCALYEAR AS cash_recent_usd,
    f.CASHEQUIPRIORFISCALYEAR AS cash_prior_usd,
    f.ACTRECEIVEDRECENTFISCALYEAR AS receivables_recent_usd,
    f.ACTRECEIVEDPRIORFISCALYEAR AS receivables_prior_usd,
    f.SHORTTERMDEBTMRECENTFISCALYEAR AS short_term_debt_recent_usd,
    f.SHORTTERMDEBTPRIORFISCALYEAR AS short_term_debt_prior_usd,
    f.LONGTERMDEBTRECENTFISCALYEAR AS long_term_debt_recent_usd,
    f.LONGTERMDEBTPRIORFISCALYEAR AS long_term_debt_prior_usd,
    f.REVENUEMOSTRECENTFISCALYEAR AS revenue_recent_usd,
    f.REVENUEPRIORFISCALYEAR AS revenue_prior_usd,
    f.COSTGOODSSOLDRECENTFISCALYEAR AS cost_of_goods_recent_usd,
    f.COSTGOODSSOLDPRIORFISCALYEAR AS cost_of_goods_prior_usd,
    f.TAXPAIDMOSTRECENTFISCALYEAR AS taxes_paid_recent_usd,
    f.TAXPAIDPRIORFISCALYEAR AS taxes_paid_prior_usd,
    f.NETINCOMEMOSTRECENTFISCALYEAR AS net_income_recent_usd,
    f.NETINCOMEPRIORFISCALYEAR AS net_income_prior_usd
FROM submission AS s
INNER JOIN figures AS f ON f.accession_number = s.ACCESSION_NUMBER
WHERE s.SUBMISSION_TYPE IN ('C', 'C/A', 'C-AR')
ORDER BY cik, filed_date, accession_number
