#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Callbacks of other people's plugins in a training: what goes wrong with them is theirs.
load lib.bash

callbacks=$FWRUN_BUILD_ROOT/tests/fixtures/callbacks

# A training of a moment with these callbacks and options, 24 steps.
watched() { # CODE CALLBACKS OPTIONS [ARGUMENT...]
    pipeline watched "train: { use = \"train\"; params: {
        size = 8; n_train = 256; n_val = 64; classes = 4; model = \"mlp\"; hidden = [8.0]; batch_size = 32;
        epochs = 3; warmup_epochs = 1; seed = 0; check_callbacks = true;
        callbacks = [ $2 ]; callback_options = [ $3 ]; }; };"
    fw "$1" watched.cfg --plugin-dir "$callbacks" "${@:4}"
    made=runs/watched/stages/train
}

# Without what depends on the clock.
records() {
    jq -c 'del(.t) | .metrics |= with_entries(select(.key | startswith("sys/") | not))' $made/metrics.jsonl
}

@test "watched: a callback asks all that can be asked and changes nothing" {
    watched 0 '"c_watch", "late=c_watch", "sink"' ''
    jq -se '[.[].metrics | select(has("c_watch/steps"))] | length == 24' $made/metrics.jsonl
    jq -se '[.[].metrics["late/steps"] // empty] | last == 24' $made/metrics.jsonl
    jq -se '[.[].metrics["c_watch/trace"] // empty] | length == 12' $made/metrics.jsonl
    jq -se '[.[].metrics["c_watch/noise"] // empty] | length == 3 and all(. >= 0)' $made/metrics.jsonl
    jq -se '[.[].metrics["c_watch/moved"] // empty] | first > 0' $made/metrics.jsonl
    jq -e '[.callbacks[] | .disabled] == [false, false, false]' $made/result.json
}

@test "watched: three failures end a callback and not the training" {
    watched 0 '"c_wrong", "c_watch", "sink"' '"c_wrong.how=mute"'
    says err 'callback "c_wrong" failed in batch_end at step 3' 'a defect of its plugin'
    jq -se '[.[].metrics | select(has("c_wrong/x")) | .["c_wrong/x"]] == [null, null, null]' $made/metrics.jsonl
    jq -se '[.[].metrics["c_watch/steps"] // empty] | length == 24' $made/metrics.jsonl
    jq -e '[.callbacks[] | .disabled] == [true, false, false]' $made/result.json
    jq -e '.disabled_callbacks | contains(["c_wrong"])' $made/run/sink/status.json
}

@test "watched: what was not announced is kept, with a warning" {
    watched 0 '"c_wrong", "sink"' ''
    says err '"c_wrong" emits "c_wrong/unsaid" and has not announced it'
    jq -se '[.[].metrics["undeclared/c_wrong/unsaid"] // empty] | length == 24' $made/metrics.jsonl
}

@test "watched: a metric has one owner, and both are named" {
    watched 1 '"train=c_wrong", "sink"' '"train.how=takes"'
    says err 'the metric "train/loss_nats" of "train" is one of "trainer" already'
    [ ! -e $made/metrics.jsonl ]
}

@test "watched: kinds and options are checked before the training begins" {
    watched 1 '"c_wach"' ''
    says err 'did you mean "c_watch"?' 'curvature'
    watched 1 '"c_wrong"' '"c_wrong.hwo=mute"'
    says err 'have no option "hwo"' 'did you mean "how"?'
    watched 1 '"c_wrong"' '"c_wrong.how=loud"'
    says err 'one of unsaid, mute, status, name, range, takes'
    watched 1 '"sink", "sink"' ''
    says err 'two callbacks have this name'
}

@test "watched: interrupted after each step, the record is that of the whole run" {
    local code
    watched 0 '"c_watch", "sink"' ''
    records >whole
    rm -r runs
    watched 75 '"c_watch", "sink"' '' --stop-after-steps 1
    code=75
    while [ "$code" = 75 ]; do
        code=0
        "$FWRUN" watched.cfg --plugin-dir "$callbacks" --stop-after-steps 1 >out 2>err || code=$?
    done
    [ "$code" = 0 ]
    records | cmp - whole
}

@test "watched: a rebuilt callback takes over in the middle, and the record stays the same" {
    local lines=runs/watched/stages/train/.run.partial/sink/metrics.jsonl
    mkdir plugins
    cp "$callbacks/c_watch.so" plugins/
    callbacks=plugins
    touch gate
    watched 0 '"c_watch", "c_slow", "sink"' "\"c_slow.gate=$PWD/gate\"" --set stages.train.params.epochs=250
    records >whole
    rm -r runs gate
    unset FWRUN_KEEP_LOADED
    start run watched.cfg --plugin-dir plugins --watch-plugins --set stages.train.params.epochs=250
    until [ -s "$lines" ]; do
        kill -0 "$pid" || failed 'it has ended'
        sleep 0.05
    done
    cp "$FWRUN_BUILD_ROOT/tests/fixtures/callbacks/next/c_watch.so" next.so
    mv next.so plugins/c_watch.so
    until_says err 'org.fwrun.test.watch: a new build, '
    touch gate
    ends 0
    says err 'serves the steps from'
    records | cmp - whole
}
