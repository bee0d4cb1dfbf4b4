-- SPDX-License-Identifier: MIT
-- How well funding_raised_usd agrees with the filings labelled by hand; an error below the floors.
-- Inputs: offers = the rows of configs/sql/regcf_offers.sql; labels = regcf_raised_labels.csv,
-- all columns VARCHAR. No label, no row: the caller must see one row for each sample.
-- One row per sample. Precision: answers within 1 USD of the label, of all answers; an answer where
-- the label names no amount is wrong. Recall: right answers, of all labels that name an amount.

WITH judged AS (
    SELECT
        l.sample,
        o.accession_number IS NOT NULL AS found,
        o.funding_raised_usd AS answer,
        TRY_CAST(l.raised_usd AS DOUBLE) AS truth,
        coalesce(abs(answer - truth) <= 1, false) AS is_right
    FROM labels AS l
    LEFT JOIN offers AS o USING (accession_number)
),

counted AS (
    SELECT
        sample,
        count(*) AS labels,
        count(*) FILTER (found) AS found,
        count(truth) AS with_amount,
        count(answer) AS answers,
        count(*) FILTER (is_right) AS right_answers,
        -- No answer, or no label with an amount, must fall below the floors, not pass as NaN.
        coalesce(right_answers / nullif(answers, 0), 0) AS precision,
        coalesce(right_answers / nullif(with_amount, 0), 0) AS recall
    FROM judged
    GROUP BY sample
),

-- Wilson's 95 % interval of the precision, 1.959964 being the normal quantile.
measured AS (
    SELECT
        *,
        1.959964 * 1.959964 / nullif(answers, 0) AS zz,
        1.959964 * sqrt((precision * (1 - precision) + zz / 4) / nullif(answers, 0)) AS half
    FROM counted
)

SELECT
    sample,
    labels,
    with_amount,
    answers,
    right_answers,
    CASE
        WHEN found < labels THEN error(format(
            '{}: {} of {} labelled filings are not in offers', sample, labels - found, labels))
        WHEN precision < 0.97 THEN error(format(
            '{}: precision {:.4f} of {} answers, floor 0.97', sample, precision, answers))
        WHEN recall < 0.90 THEN error(format(
            '{}: recall {:.4f} of {} amounts, floor 0.90', sample, recall, with_amount))
        ELSE precision
    END AS precision,
    recall,
    (precision + zz / 2 - half) / (1 + zz) AS wilson_low,
    (precision + zz / 2 + half) / (1 + zz) AS wilson_high
FROM measured
ORDER BY sample
