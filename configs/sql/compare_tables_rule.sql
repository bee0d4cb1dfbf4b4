-- How often the label was 1 in training, by fifths of how wide the day's prices ranged: a table of predictions.
WITH ranges AS (
    SELECT "Date", split, y, ("High" - "Low") / "Close" AS width FROM days
), borders AS (
    SELECT quantile_cont(width, [0.2, 0.4, 0.6, 0.8]) AS q FROM ranges WHERE split = 'train'
), fifths AS (
    SELECT "Date", split, y, len(list_filter(q, x -> width > x)) AS fifth FROM ranges, borders
), rates AS (
    SELECT fifth, avg(y) AS p FROM fifths WHERE split = 'train' GROUP BY fifth
)
SELECT 'rule' AS experiment, split, "Date" AS date, y, p
FROM fifths JOIN rates USING (fifth)
ORDER BY "Date"
