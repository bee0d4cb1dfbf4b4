-- SPDX-License-Identifier: MIT
-- A generated market of 5,800 weekdays. Drawn from digests of the day's number, so that it is the same everywhere.
WITH days AS (
    SELECT i, DATE '1998-01-05' + (i // 5 * 7 + i % 5)::INTEGER AS "Date"
    FROM range(5800) r(i)
),

-- Uniform numbers in (0, 1), three a day, and a sum of twelve that is nearly normal.
drawn AS (
    SELECT
        i,
        "Date",
        (list_sum([('0x' || substr(md5('walk ' || i || ' ' || k), 1, 8))::BIGINT / 4294967296.0 FOR k IN range(12)]) - 6)
            AS normal,
        (('0x' || substr(md5('open ' || i), 1, 8))::BIGINT + 0.5) / 4294967296.0 AS u,
        (('0x' || substr(md5('high ' || i), 1, 8))::BIGINT + 0.5) / 4294967296.0 AS v,
        (('0x' || substr(md5('low ' || i), 1, 8))::BIGINT + 0.5) / 4294967296.0 AS w
    FROM days
),

-- Daily volatility in percent: slow waves.
rough AS (
    SELECT *, 0.8 + 0.45 * sin(i / 170.0) + 0.25 * sin(i / 41.0) AS sigma
    FROM drawn
),

walked AS (
    SELECT *, 1000 * exp(sum(normal * sigma / 100 + 0.0002) OVER (ORDER BY i)) AS close
    FROM rough
),

opened AS (
    SELECT *, coalesce(lag(close) OVER (ORDER BY i), 1000) * (1 + (u - 0.5) * sigma / 400) AS open
    FROM walked
)

SELECT
    "Date",
    round(open, 2) AS "Open",
    round(greatest(open, close) * (1 + v * sigma / 150), 2) AS "High",
    round(least(open, close) * (1 - w * sigma / 150), 2) AS "Low",
    round(close, 2) AS "Close",
    (1e6 * (1 + sigma * (u + v)))::BIGINT AS "Volume",
    round(16 * sigma * (0.9 + 0.2 * w) + 2, 2) AS "Vix"
FROM opened
ORDER BY "Date"
