/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fake_internal.h"
#include "fw/service/sql.h"

char *fake_folder_create(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/fake_host.XXXXXX", base == NULL ? "/tmp" : base) < 0) {
        fake_die("out of memory");
    }
    if (mkdtemp(path) == NULL) {
        fake_die("cannot make %s: %s", path, strerror(errno));
    }
    return path;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void fake_folder_remove(char *folder)
{
    if (folder != NULL && nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        fake_die("cannot remove %s: %s", folder, strerror(errno));
    }
    free(folder);
}

const char *fake_task_path(struct fake_task *t, const char *name)
{
    if (t->folder == NULL) {
        t->folder = fake_folder_create();
    }
    const size_t size = strlen(t->folder) + strlen(name) + 2;
    char *path = fake_own(t, size);
    snprintf(path, size, "%s/%s", t->folder, name);
    return path;
}

static void make_folders(struct fake_task *t, const char *path)
{
    char *part = fake_own_text(t, path);
    for (char *slash = strchr(part + strlen(t->folder) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            fake_die("cannot make %s: %s", part, strerror(errno));
        }
        *slash = '/';
    }
}

const char *fake_task_write(struct fake_task *t, const char *name, const char *text)
{
    const char *path = fake_task_path(t, name);
    make_folders(t, path);
    FILE *file = fopen(path, "we");
    const bool bad = file == NULL || fputs(text, file) < 0;
    if (file == NULL || fclose(file) != 0 || bad) {
        fake_die("cannot write %s: %s", path, strerror(errno));
    }
    return path;
}

const char *fake_task_read(struct fake_task *t, const char *path)
{
    FILE *file = fopen(path, "re");
    struct stat facts;
    if (file == NULL || fstat(fileno(file), &facts) != 0 || S_ISDIR(facts.st_mode)) {
        fake_die("cannot open %s: %s", path, file == NULL ? strerror(errno) : "it is a folder");
    }
    const size_t size = (size_t)facts.st_size;
    char *text = fake_own(t, size + 1);
    if (fread(text, 1, size, file) != size) {
        fake_die("cannot read %s", path);
    }
    fclose(file);
    return text;
}

const char *fake_task_query(struct fake_task *t, const char *query)
{
    const struct fw_sql *sql = t->host.service(&t->host, FW_SQL_ID);
    if (sql == NULL) {
        fake_die("a query needs " FW_SQL_ID ": open a plugin that provides it too");
    }
    const char *path = fake_task_path(t, "query.csv");
    const size_t size = strlen(query) + strlen(path) + 64;
    char *copy = fake_own(t, size);
    snprintf(copy, size, "COPY (%s) TO '%s' (FORMAT csv, HEADER)", query, path);
    struct fw_sql_session *session;
    if (sql->open(&t->host, &session) != FW_OK || sql->exec(session, copy) != FW_OK) {
        fake_die("%s: %s", query, fake_task_take_fault(t));
    }
    sql->close(session);
    return fake_task_read(t, path);
}
