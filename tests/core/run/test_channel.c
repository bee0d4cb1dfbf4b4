/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "run/channel.h"

struct pair {
    int sender;
    struct fw_channel receiver;
};

static struct pair make_pair(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    return (struct pair){.sender = fds[0], .receiver = {.fd = fds[1]}};
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void a_message_arrives_as_it_was_sent(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    cJSON *sent = cJSON_CreateObject(), *got = NULL;
    cJSON_AddStringToObject(sent, "text", "line\nbreak \xc3\xa9");
    fw_json_add_u64(sent, "big", UINT64_MAX);
    assert_int_equal(fw_channel_send(pair.sender, sent, NULL), 0);
    assert_int_equal(fw_channel_receive(&pair.receiver, true, NULL), 0);
    assert_int_equal(fw_channel_next(&pair.receiver, &got, NULL), 0);
    uint64_t big = 0;
    assert_int_equal(fw_json_get_u64(got, "big", &big, NULL), 0);
    assert_true(big == UINT64_MAX);
    assert_string_equal(cJSON_GetObjectItem(got, "text")->valuestring, "line\nbreak \xc3\xa9");
    cJSON_Delete(sent);
    cJSON_Delete(got);
    close(pair.sender);
    fw_channel_finish(&pair.receiver);
}

static void messages_cut_anywhere_are_put_together(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    const char *text = "{\"n\":1}\n{\"n\":2}\n";
    int seen = 0;
    for (const char *at = text; *at != '\0'; at++) {
        cJSON *got = NULL;
        assert_int_equal(write(pair.sender, at, 1), 1);
        assert_int_equal(fw_channel_receive(&pair.receiver, false, NULL), 0);
        assert_int_equal(fw_channel_next(&pair.receiver, &got, NULL), 0);
        if (got) {
            assert_int_equal(cJSON_GetObjectItem(got, "n")->valueint, ++seen);
        }
        cJSON_Delete(got);
    }
    assert_int_equal(seen, 2);
    close(pair.sender);
    fw_channel_finish(&pair.receiver);
}

static void a_message_to_one_who_died_is_no_error(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    cJSON *message = cJSON_CreateObject();
    fw_channel_finish(&pair.receiver);
    assert_int_equal(fw_channel_send(pair.sender, message, NULL), 0);
    cJSON_Delete(message);
    close(pair.sender);
}

static void garbage_is_an_error(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    struct fw_error err;
    cJSON *got = NULL;
    send_text(pair.sender, "not json\n");
    assert_int_equal(fw_channel_receive(&pair.receiver, true, NULL), 0);
    assert_int_equal(fw_channel_next(&pair.receiver, &got, &err), -1);
    assert_null(got);
    close(pair.sender);
    fw_channel_finish(&pair.receiver);
}

/* A bad line costs itself and nothing else. */
static void only_objects_are_messages(void **state)
{
    (void)state;
    static const char *const bad[] = {"[1]", "3", "\"x\"", "null", "", "{"};
    struct pair pair = make_pair();
    struct fw_error err;
    cJSON *got = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        send_text(pair.sender, bad[i]);
        send_text(pair.sender, "\n{\"n\":1}\n");
        assert_int_equal(fw_channel_receive(&pair.receiver, true, NULL), 0);
        assert_int_equal(fw_channel_receive(&pair.receiver, false, NULL), 0);
        assert_int_equal(fw_channel_next(&pair.receiver, &got, &err), -1);
        assert_null(got);
        assert_int_equal(fw_channel_next(&pair.receiver, &got, NULL), 0);
        assert_non_null(got);
        cJSON_Delete(got);
    }
    close(pair.sender);
    fw_channel_finish(&pair.receiver);
}

static void what_was_sent_before_the_end_is_still_read(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    cJSON *got = NULL;
    send_text(pair.sender, "{\"n\":1}\n");
    close(pair.sender);
    assert_int_equal(fw_channel_receive(&pair.receiver, false, NULL), 0);
    assert_true(pair.receiver.ended);
    assert_int_equal(fw_channel_next(&pair.receiver, &got, NULL), 0);
    assert_non_null(got);
    cJSON_Delete(got);
    fw_channel_finish(&pair.receiver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_arrives_as_it_was_sent),
        cmocka_unit_test(messages_cut_anywhere_are_put_together),
        cmocka_unit_test(a_message_to_one_who_died_is_no_error),
        cmocka_unit_test(garbage_is_an_error),
        cmocka_unit_test(only_objects_are_messages),
        cmocka_unit_test(what_was_sent_before_the_end_is_still_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
