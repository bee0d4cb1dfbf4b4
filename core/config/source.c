/* SPDX-License-Identifier: MIT */
#include "config/source.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"

enum token_kind { TOKEN_END, TOKEN_STRING, TOKEN_INCLUDE, TOKEN_INTEGER, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    const char *start, *end;
};

static const char *after(const char *text, const char *mark)
{
    const char *found = strstr(text, mark);
    return found ? found + strlen(mark) : text + strlen(text);
}

static const char *skip_blanks_and_comments(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n\f");
        if (*p == '#' || strncmp(p, "//", 2) == 0) {
            p += strcspn(p, "\n");
        } else if (strncmp(p, "/*", 2) == 0) {
            p = after(p + 2, "*/");
        } else {
            return p;
        }
    }
}

/* A number by libconfig's rules, which let the next word follow at once. */
static struct token number_token(const char *p)
{
    struct token token = {TOKEN_INTEGER, p, p + (*p == '-' || *p == '+')};
    if (token.end[0] == '0' && (token.end[1] == 'x' || token.end[1] == 'X')) {
        token.end += 2;
        token.end += strspn(token.end, "0123456789abcdefABCDEF");
    } else {
        token.end += strspn(token.end, "0123456789");
        const char *sign = token.end + 1;
        bool exponent = (*token.end == 'e' || *token.end == 'E') &&
                        isdigit((unsigned char)sign[*sign == '-' || *sign == '+']);
        if (*token.end == '.' || exponent) {
            char *end;
            strtod(token.start, &end);
            return (struct token){TOKEN_OTHER, p, end > token.end ? end : sign};
        }
    }
    token.end += strspn(token.end, "L");
    return token;
}

static struct token next_token(const char *p)
{
    p = skip_blanks_and_comments(p);
    if (*p == '"') {
        const char *end = p + 1;
        while (*end && *end != '"') {
            end += 1 + (end[0] == '\\' && end[1]);
        }
        return (struct token){TOKEN_STRING, p + 1, end + (*end == '"')};
    }
    const char *digits = p + (*p == '-' || *p == '+');
    if (isdigit((unsigned char)*digits) || *digits == '.') {
        return number_token(p);
    }
    size_t word = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*@");
    bool include = strncmp(p, "@include", word) == 0 && word > 0;
    return (struct token){!*p       ? TOKEN_END
                          : include ? TOKEN_INCLUDE
                                    : TOKEN_OTHER,
                          p, p + (word ? word : *p != '\0')};
}

/* `name` points into the text of the file at `path`. libconfig would not say what is missing. */
static int list_included(const char *path, const char *text, const char *start, const char *folder,
                         struct fw_strings *files, struct fw_diag *diag)
{
    const char *line;
    fw_auto(free) char *name = strndup(start, strcspn(start, "\""));
    fw_auto(free) char *included = name ? fw_path_join(folder, name) : NULL;
    if (included && access(included, R_OK) == 0) {
        return fw_cfg_source_list(included, folder, files, diag);
    }
    fw_diag_at(diag, path, fw_str_line(text, start, &line), "cannot include %s: %s",
               included ? included : "a file", strerror(errno));
    diag->oom = diag->oom || !included;
    return -1;
}

int fw_cfg_source_list(const char *path, const char *folder, struct fw_strings *files,
                       struct fw_diag *diag)
{
    struct stat info;
    fw_auto(free) char *text = NULL;
    if (fw_strings_find(files, path) || stat(path, &info) < 0) {
        return 0;
    }
    if (!S_ISREG(info.st_mode)) {
        fw_diag_at(diag, path, 0, "not a file: a configuration is a text file");
        return -1;
    }
    struct fw_error err = {0};
    int rc =
        fw_strings_add(files, path) < 0 ? fw_error_oom(&err) : fw_fs_read(path, &text, NULL, &err);
    if (rc < 0) {
        fw_diag_at(diag, path, 0, "%s", err.text);
        return -1;
    }
    bool include = false;
    for (struct token token = next_token(text); token.kind != TOKEN_END && rc == 0;
         token = next_token(token.end)) {
        if (include && token.kind == TOKEN_STRING) {
            rc = list_included(path, text, token.start, folder, files, diag);
        }
        include = token.kind == TOKEN_INCLUDE;
    }
    return rc;
}

static void check_integer(struct fw_cfg_node *node, struct token token, struct fw_diag *diag)
{
    bool wide = token.end[-1] == 'L';
    bool hex = memchr(token.start, 'x', 2) || memchr(token.start, 'X', 2);
    errno = 0;
    long long value = strtoll(token.start, NULL, hex ? 16 : 10);
    if (errno != 0) {
        fw_diag_node(diag, node, "%.*s does not fit in 64 bits", (int)(token.end - token.start),
                     token.start);
    } else if (!wide && (value < INT32_MIN || value > INT32_MAX)) {
        node->integer = value;
        node->real = (double)value;
        fw_diag_node(diag, node, "does not fit in 32 bits: add the suffix L, as in %.*sL",
                     (int)(token.end - token.start), token.start);
    }
}

/* Integers come in the same order in the text and in the tree; a text that was included twice
 * starts over. */
static void check_nodes(const char *text, const char **cursor, const char *file,
                        struct fw_cfg_node *node, struct fw_diag *diag)
{
    if (node->kind == FW_CFG_INT && strcmp(node->file, file) == 0) {
        struct token token;
        for (int passes = 0; passes < 2; *cursor = token.end) {
            token = next_token(*cursor);
            if (token.kind == TOKEN_INTEGER) {
                check_integer(node, token, diag);
                passes = 2;
            } else if (token.kind == TOKEN_END) {
                token.end = text;
                passes++;
            }
        }
    }
    for (size_t i = 0; i < node->len; i++) {
        check_nodes(text, cursor, file, &node->items[i], diag);
    }
}

void fw_cfg_source_check_integers(const char *text, const char *file, struct fw_cfg_node *node,
                                  struct fw_diag *diag)
{
    const char *cursor = text;
    check_nodes(text, &cursor, file, node, diag);
}
