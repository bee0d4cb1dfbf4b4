-- SPDX-License-Identifier: MIT
-- Four generated training runs, logged a batch a row: the loss is a t^b and noise, with t in epochs. Drawn from digests of
-- the run's name and the step, so that it is the same everywhere.
WITH runs(run, a, b, noise, scale) AS (
    VALUES
    ('base', 2.0, -0.45, 0.03, 3.0),
    ('bn_off', 2.3, -0.30, 0.05, 5.0),
    ('narrow', 2.1, -0.38, 0.04, 3.5),
    ('adamw', 1.9, -0.40, 0.03, 2.0)
),

-- 20 epochs of 64 batches. A sum of twelve uniform numbers is nearly normal.
steps AS (
    SELECT
        *,
        step / 64.0 AS t,
        list_sum([('0x' || substr(md5(run || ' ' || step || ' ' || k), 1, 8))::BIGINT / 4294967296.0 FOR k IN range(12)]) - 6
            AS normal,
        list_sum([('0x' || substr(md5(run || ' norm ' || step || ' ' || k), 1, 8))::BIGINT / 4294967296.0 FOR k IN range(12)])
        - 6 AS other
    FROM runs, range(1, 1281) r(step)
)

SELECT
    run,
    step,
    (step - 1) // 64 AS epoch,
    round(a * pow(t, b) * exp(noise * normal), 6) AS train_loss,
    CASE WHEN step % 16 = 0 THEN round(1.05 * a * pow(t, b) * exp(noise / 3 * other), 6) END AS val_loss,
    round(scale * pow(t, -0.2) * exp(0.1 * other), 6) AS grad_norm,
    round(0.05 * (1 + cos(pi() * step / 1280)), 8) AS lr,
    round(sqrt(pow(scale * pow(t, -0.2), 2) + 40 * exp(0.2 * normal)), 6) AS grad_norm_small,
    round(sqrt(pow(scale * pow(t, -0.2), 2) + 5 * exp(0.2 * other)), 6) AS grad_norm_big
FROM steps
ORDER BY run, step
