-- SPDX-License-Identifier: MIT
-- SEC Regulation Crowdfunding filings -> raw offer rows: one row per filing of form C, C/A or C-U.
-- Inputs, all columns VARCHAR: submission, disclosure, issuer (the FORM_C_*.tsv of all quarters).
-- Columns, units and rules: docs/pipelines/regcf.md.

WITH filings AS (
    SELECT
        s.ACCESSION_NUMBER AS accession_number,
        s.SUBMISSION_TYPE AS form_type,
        s.FILE_NUMBER AS offer_id,
        -- A few CIKs have lost a leading zero; the rest of the world writes ten digits.
        lpad(s.CIK, 10, '0') AS cik,
        try_strptime(s.FILING_DATE, '%Y%m%d') AS filed,
        lpad(i.COMMISSIONCIK, 10, '0') AS intermediary_cik,
        -- The cover page is XML, and some names still carry its entities.
        nullif(trim(replace(replace(replace(
            i.COMPANYNAME, '&quot;', '"'), '&nbsp;', ' '), '&amp;', '&')), '') AS intermediary_name,
        nullif(trim(replace(replace(replace(
            i.NAMEOFISSUER, '&quot;', '"'), '&nbsp;', ' '), '&amp;', '&')), '') AS company_name,
        nullif(trim(i.LEGALSTATUSFORM), '') AS legal_form,
        nullif(trim(i.JURISDICTIONORGANIZATION), '') AS jurisdiction,
        nullif(trim(i.STATEORCOUNTRY), '') AS state_or_country,
        TRY_CAST(i.DATEINCORPORATION AS DATE) AS date_of_formation,
        nullif(trim(d.SECURITYOFFEREDTYPE), '') AS security_type,
        TRY_CAST(d.DEADLINEDATE AS DATE) AS deadline_date,
        TRY_CAST(d.CURRENTEMPLOYEES AS INTEGER) AS employees_count,
        nullif(trim(i.PROGRESSUPDATE), '') AS progress_update
    FROM submission AS s
    LEFT JOIN disclosure AS d ON d.ACCESSION_NUMBER = s.ACCESSION_NUMBER
    LEFT JOIN issuer AS i ON i.ACCESSION_NUMBER = s.ACCESSION_NUMBER
    WHERE s.SUBMISSION_TYPE IN ('C', 'C/A', 'C-U')
),

-- Dollar figures of the form's cover page. The decimal cast makes NULL of whatever is no number
-- (NaN and infinity included) and takes off the binary noise of the source: 9999.960000000001.
figures AS (
    SELECT
        ACCESSION_NUMBER AS accession_number,
        CAST(TRY_CAST(PRICE AS DECIMAL(18, 6)) AS DOUBLE) AS price_usd,
        CAST(TRY_CAST(COLUMNS('(OFFERINGAMOUNT|FISCALYEAR)$') AS DECIMAL(18, 2)) AS DOUBLE)
    FROM disclosure
),

-- One intermediary writes its name in many ways, and some issuers put their own name in its place;
-- its CIK does not vary. Its name is the spelling that most of its filings have.
platforms AS (
    SELECT
        intermediary_cik,
        first(intermediary_name ORDER BY spelled DESC, intermediary_name) AS platform_name
    FROM (
        SELECT intermediary_cik, intermediary_name, count(*) AS spelled
        FROM filings
        WHERE intermediary_name IS NOT NULL
        GROUP BY intermediary_cik, intermediary_name
    )
    GROUP BY intermediary_cik
),

-- From here to `raised`: funding_raised_usd, what a progress update says was raised, or nothing.
progress AS (
    SELECT
        accession_number,
        -- "closed on 106,787.52 and 228,860 number of securities": the sign was forgotten.
        regexp_replace(
            regexp_replace(lower(progress_update), '\s+', ' ', 'g'),
            'closed on ([0-9][0-9.,]* and [0-9][0-9.,]* number of securities)',
            'closed on $\1'
        ) AS said
    FROM filings
    WHERE progress_update IS NOT NULL
),

-- Take out the money which the text itself calls something else than the raise.
about_raise AS (
    SELECT
        accession_number,
        regexp_replace(said, concat_ws('|',
            -- "at $1.40 per share", "$100 each", "price per share: $0.06"
            '\$ ?[0-9][0-9.,]* ?(/|per |an? )(share|unit|security|note)',
            '\$ ?[0-9][0-9.,]* each',
            'price( per [a-z]+)?: \$ ?[0-9][0-9.,]*',
            -- "target offering amount of $10,000", "goal of raising $100,000", "minimum ($10,000)"
            '(target|goal|minimum)( [a-z]+){0,4} \(?\$ ?[0-9][0-9.,]*k?',
            -- "$64,586.08 and $129,063 number of securities": a count with a sign too many
            'and \$ ?[0-9][0-9.,]* (number of )?(securities|shares|units)'
        ), ' ', 'g') AS said
    FROM progress
    WHERE
        regexp_matches(
            said, 'rais|clos|s[oa]l[de]|commit|invest|proceeds|fund|process|estimate|total'
        )
        -- Money that went back, a share of the target, or a part of the raise is not the raise.
        AND NOT regexp_matches(said, concat_ws('|',
            'failed to|failure to|offering failed|not (meet|met|reach)|fell below|return',
            '[0-9] ?% of',
            '(partial|first|second|third|initial|interim|intermediate) (clos|disburs)|disbursed',
            'addition to'
        ))
),

-- A number with a blank, a second point or a group of other than three digits is a misprint;
-- it stays a candidate, without a value, so that its text gives no answer.
candidates AS (
    SELECT
        accession_number,
        CASE WHEN regexp_full_match(written, '([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]{1,2})?')
            THEN TRY_CAST(replace(written, ',', '') AS DOUBLE)
        END AS amount
    FROM (
        SELECT
            accession_number,
            rtrim(unnest(regexp_extract_all(
                said, '\$ ?([0-9][0-9.,]*( [0-9][0-9.,]*)?[km]?)', 1
            )), '.,') AS written
        FROM about_raise
    )
),

raised AS (
    SELECT accession_number, min(amount) AS funding_raised_usd
    FROM candidates
    GROUP BY accession_number
    HAVING count(amount) = count(*) AND min(amount) = max(amount)
)

SELECT
    coalesce(p.platform_name, f.intermediary_name) AS platform_name,
    f.offer_id,
    CAST(f.filed AS DATE) AS crawled_date_day,
    f.filed AS crawled_date,
    -- The source has no time of day. The filings of an offer on one day stand one second apart in
    -- their order: the opening C, then by accession number, which counts up per filing agent.
    f.filed + to_seconds(row_number() OVER (
        PARTITION BY f.offer_id, f.filed
        ORDER BY f.form_type = 'C' DESC, f.accession_number
    ) - 1) AS processed_datetime,
    f.cik,
    f.company_name,
    f.form_type,
    f.accession_number,
    n.OFFERINGAMOUNT AS funding_goal_usd,
    n.MAXIMUMOFFERINGAMOUNT AS maximum_offering_usd,
    n.price_usd,
    r.funding_raised_usd,
    r.funding_raised_usd >= n.OFFERINGAMOUNT AS is_funded,
    f.security_type,
    f.deadline_date,
    f.employees_count,
    n.TOTALASSETMOSTRECENTFISCALYEAR AS total_assets_recent_usd,
    n.TOTALASSETPRIORFISCALYEAR AS total_assets_prior_usd,
    n.CASHEQUIMOSTRECENTFISCALYEAR AS cash_recent_usd,
    n.CASHEQUIPRIORFISCALYEAR AS cash_prior_usd,
    n.ACTRECEIVEDRECENTFISCALYEAR AS receivables_recent_usd,
    n.ACTRECEIVEDPRIORFISCALYEAR AS receivables_prior_usd,
    n.SHORTTERMDEBTMRECENTFISCALYEAR AS short_term_debt_recent_usd,
    n.SHORTTERMDEBTPRIORFISCALYEAR AS short_term_debt_prior_usd,
    n.LONGTERMDEBTRECENTFISCALYEAR AS long_term_debt_recent_usd,
    n.LONGTERMDEBTPRIORFISCALYEAR AS long_term_debt_prior_usd,
    n.REVENUEMOSTRECENTFISCALYEAR AS revenue_recent_usd,
    n.REVENUEPRIORFISCALYEAR AS revenue_prior_usd,
    n.COSTGOODSSOLDRECENTFISCALYEAR AS cost_of_goods_recent_usd,
    n.COSTGOODSSOLDPRIORFISCALYEAR AS cost_of_goods_prior_usd,
    n.TAXPAIDMOSTRECENTFISCALYEAR AS taxes_paid_recent_usd,
    n.TAXPAIDPRIORFISCALYEAR AS taxes_paid_prior_usd,
    n.NETINCOMEMOSTRECENTFISCALYEAR AS net_income_recent_usd,
    n.NETINCOMEPRIORFISCALYEAR AS net_income_prior_usd,
    f.legal_form,
    f.jurisdiction,
    f.state_or_country,
    f.date_of_formation,
    f.intermediary_cik,
    f.intermediary_name,
    f.progress_update,
    concat(
        'https://www.sec.gov/Archives/edgar/data/', ltrim(f.cik, '0'), '/',
        replace(f.accession_number, '-', ''), '/'
    ) AS link
FROM filings AS f
LEFT JOIN figures AS n ON n.accession_number = f.accession_number
LEFT JOIN platforms AS p ON p.intermediary_cik = f.intermediary_cik
LEFT JOIN raised AS r ON r.accession_number = f.accession_number
ORDER BY crawled_date_day, platform_name, offer_id, processed_datetime, f.accession_number
