# SPDX-License-Identifier: MIT
# Stages side by side in threads of one process. What they share is for `make tsan` to watch.
load lib

# Six that sleep, log and report, and one after each; all in this process.
crowd() { # SETTING
    local i stages=
    for i in 1 2 3 4 5 6; do
        stages+="s$i: { use = \"t_count\"; params: { n = 2000; per_step = 50; }; $* };
            c$i: { use = \"t_copy\"; in: { in = \"@s$i.out\"; }; $* };
            n$i: { use = \"t_sleep\"; params: { ms = 5; steps = 6; }; $* };"
    done
    pipeline crowd "$stages" 'resources: { threads = 18; };' 'heartbeat_s = 0.05;'
}

@test "eighteen stages share a process and give what each gives in its own" {
    crowd 'resources: { threads = 1; };'
    fw 0 crowd.cfg --set run_root=apart
    crowd 'isolate = "none"; resources: { threads = 1; };'
    fw 0 crowd.cfg
    summary '18 executed'
    for i in 1 2 3 4 5 6; do
        cmp {runs,apart}/crowd/stages/"c$i"/copy.bin
    done
    fw 0 crowd.cfg
    summary '0 executed, 18 reused'
}

@test "all of them stop when they are asked, and go on" {
    crowd 'isolate = "none"; resources: { threads = 1; };'
    sed -i 's/ms = 5;/ms = 50;/' crowd.cfg
    start crowd.cfg
    until_says runs/crowd/events.jsonl '"type":"step"'
    kill -TERM "$pid"
    ends 143
    fw 0 crowd.cfg
    fw 0 crowd.cfg
    summary '0 executed, 18 reused'
}

@test "one that fails stops none of those that run beside it" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    pipeline two 'good: { use = "t_sleep"; params: { ms = 20; steps = 5; }; isolate = "none"; };
        bad: { use = "bad_step_fails"; isolate = "none"; };' 'resources: { threads = 2; };' 'on_error = "continue";'
    fw 1 two.cfg
    [ "$(state .stages.good.state)" = executed ]
    [ "$(state .stages.bad.state)" = failed ]
}
