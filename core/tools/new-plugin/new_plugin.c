/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cli/facts.h"
#include "cli/print.h"
#include "config/near.h"
#include "plugin/registry.h"
#include "plugins/kinds.h"
#include "project.h"

/* fwrun new-plugin: a project of one's own, outside this tree, that works before the first edit. */

enum { NAME_MAX_LEN = 40 };

static const char usage[] =
    "usage: fwrun new-plugin NAME [--lang c|c++] [--kind table|file|sql|callback] [--json]\n"
    "\n"
    "Writes a project for a plugin with one stage, or one kind of callback, NAME, into the new\n"
    "folder NAME: source, test, build, sample pipeline. It builds, passes its test and runs as it\n"
    "is.\n"
    "\n"
    "  --lang c|c++                 the language (default c)\n"
    "  --kind table|file|sql|callback\n"
    "                               rows as Arrow batches (the default), bytes, a query; or what\n"
    "                               watches a training, for a trainer's list of callbacks\n"
    "  --plugin-dir DIR             look there too for whether NAME is taken; may be repeated\n"
    "  --json                       results for programs, on stdout\n"
    "  --help                       what the verb does and takes\n";

struct request {
    struct new_plugin_project project;
    struct fw_strings plugin_dirs;
    bool json, help;
};

/* Targets that meson keeps for itself. */
static const char *const reserved[] = {"all",     "benchmark",   "clean", "coverage", "dist",
                                       "install", "reconfigure", "test",  "uninstall"};

static int check_name(const char *name, struct fw_error *err)
{
    const size_t len = strlen(name);
    const size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (len == 0 || good != len || name[0] < 'a') {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "\"%s\" cannot be the name of a stage: expected small letters, digits "
                            "and _, a letter first, for example moving_average",
                            name);
    }
    if (len > NAME_MAX_LEN) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "\"%s\" has %zu letters, at most %d are possible; take a shorter name",
                            name, len, NAME_MAX_LEN);
    }
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (strcmp(name, reserved[i]) == 0) {
            return fw_error_set(err, FW_EXIT_USAGE,
                                "\"%s\" means something else to the build; take another name, for "
                                "example %s_stage",
                                name, name);
        }
    }
    return 0;
}

static bool has_stage(const struct fw_plugin *plugin, const char *name)
{
    for (uint64_t i = 0; plugin != NULL && i < plugin->n_stages; i++) {
        if (strcmp(plugin->stages[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_kind(const struct fw_registry_entry *entry, const char *name)
{
    for (uint64_t i = 0; entry->plugin != NULL && i < entry->plugin->n_services; i++) {
        const struct fw_service *service = entry->plugin->services[i];
        if (!fw_kinds_are(service) || fw_kinds_check(&entry->elf, service, NULL) < 0) {
            continue;
        }
        const struct fw_callbacks *table = service->table;
        for (uint32_t k = 0; k < table->n_kinds; k++) {
            if (strcmp(table->kinds[k]->kind, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int check_not_taken(const struct request *request, struct fw_error *err)
{
    const char *name = request->project.name;
    struct stat facts;
    if (lstat(name, &facts) == 0) {
        return fw_error_set(err, FW_EXIT_REFUSED,
                            "%s is there already; take another name, or remove it first", name);
    }
    if (errno != ENOENT) {
        return fw_error_errno(err, FW_EXIT_STATE, "%s", name);
    }
    fw_auto(registry) struct fw_registry registry = {0};
    if (fw_registry_open(&request->plugin_dirs, &registry, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < registry.len; i++) {
        const bool callback = strcmp(request->project.kind, "callback") == 0;
        if (callback ? has_kind(&registry.items[i], name)
                     : has_stage(registry.items[i].plugin, name)) {
            return fw_error_set(err, FW_EXIT_REFUSED,
                                "a %s \"%s\" is there already, in %s; take another name, for "
                                "example my_%s",
                                callback ? "callback" : "stage", name, registry.items[i].path,
                                name);
        }
    }
    return 0;
}

/* Which of `choices`, a list like "c|c++", the value is; -1 for none. */
static int choose(const char *option, const char *value, const char *choices, struct fw_error *err)
{
    const size_t len = strlen(value);
    int number = 0;
    for (const char *at = choices; at != NULL; at = strchr(at, '|'), number++) {
        at += *at == '|';
        if (strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0')) {
            return number;
        }
    }
    return fw_error_set(err, FW_EXIT_USAGE, "--%s %s: expected one of %s", option, value, choices);
}

static int take(struct request *request, int option, struct fw_error *err)
{
    static const char *const languages[] = {"c", "cpp"}, *const kinds[] = {"table", "file", "sql",
                                                                           "callback"};
    int chosen = 0;
    switch (option) {
    case 'l':
        chosen = choose("lang", optarg, "c|c++", err);
        request->project.language = languages[chosen < 0 ? 0 : chosen];
        break;
    case 'k':
        chosen = choose("kind", optarg, "table|file|sql|callback", err);
        request->project.kind = kinds[chosen < 0 ? 0 : chosen];
        break;
    case 'p':
        return fw_strings_add(&request->plugin_dirs, optarg) == 0 ? 0 : fw_error_oom(err);
    case 'j':
        request->json = true;
        break;
    default:
        request->help = true;
    }
    return chosen < 0 ? -1 : 0;
}

static int parse(struct request *request, int argc, char **argv, struct fw_error *err)
{
    static const struct option options[] = {{"lang", required_argument, NULL, 'l'},
                                            {"kind", required_argument, NULL, 'k'},
                                            {"plugin-dir", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    static const char *const names[] = {"lang", "kind", "plugin-dir", "json", "help"};
    request->project = (struct new_plugin_project){.language = "c", .kind = "table"};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        const char *word = argv[optind - 1];
        if (code == ':') {
            return fw_error_set(err, FW_EXIT_USAGE, "%s needs a value; see fwrun new-plugin --help",
                                word);
        }
        if (code == '?') {
            const char *near = fw_near(word + strspn(word, "-"), names, 5);
            return fw_error_set(err, FW_EXIT_USAGE,
                                "new-plugin does not take %s%s%s%s; see fwrun new-plugin --help",
                                word, near ? ", did you mean --" : "", near ? near : "",
                                near ? "?" : "");
        }
        if (take(request, code, err) != 0) {
            return -1;
        }
    }
    if (!request->help && optind != argc - 1) {
        return fw_error_set(err, FW_EXIT_USAGE, "%s; see fwrun new-plugin --help",
                            optind < argc ? "one name at a time" : "the name is missing");
    }
    request->project.name = argv[optind];
    return 0;
}

/* pkg-config looks below /usr by itself. */
static char *needed_search_path(void)
{
    char *folder = fw_path_own("meson-uninstalled", FWRUN_PKG_CONFIG_DIR);
    if (folder != NULL && (*folder == '\0' || strncmp(folder, "/usr/", 5) == 0)) {
        free(folder);
        return NULL;
    }
    return folder;
}

static int print(const struct request *request, const struct fw_strings *files,
                 struct fw_error *err)
{
    const char *name = request->project.name;
    fw_auto(free) char *search = needed_search_path();
    if (!request->json) {
        printf("made %s/ with %zu files; next:\n\n", name, files->len);
        if (search != NULL) {
            printf("  export PKG_CONFIG_PATH=%s\n", search);
        }
        printf("  cd %s\n  meson setup b\n  meson test -C b\n  fwrun sample.cfg --plugin-dir b\n",
               name);
        return 0;
    }
    fw_auto(json) cJSON *document = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(document, "files");
    for (size_t i = 0; i < files->len; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(files->items[i]));
    }
    if (!list || !cJSON_AddStringToObject(document, "folder", name) ||
        !cJSON_AddStringToObject(document, "pkg_config_path", search ? search : "")) {
        return fw_error_oom(err);
    }
    return fw_print_json(document, err);
}

static int new_plugin(struct request *request, int argc, char **argv, struct fw_error *err)
{
    fw_auto(strings) struct fw_strings files = {0};
    if (parse(request, argc, argv, err) != 0) {
        return -1;
    }
    if (request->help) {
        return fputs(usage, stdout) < 0 ? fw_error_set(err, FW_EXIT_FAILED, "cannot write") : 0;
    }
    if (check_name(request->project.name, err) != 0 || check_not_taken(request, err) != 0 ||
        new_plugin_write(&request->project, request->project.name, &files, err) != 0) {
        return -1;
    }
    return print(request, &files, err);
}

int main(int argc, char **argv)
{
    const int code = fw_program_begin(argc, argv);
    if (code >= 0) {
        return code;
    }
    struct request request = {0};
    struct fw_error err = {0};
    int rc = new_plugin(&request, argc, argv, &err);
    fw_strings_finish(&request.plugin_dirs);
    if (rc == 0 && fflush(stdout) != 0) {
        rc = fw_error_errno(&err, FW_EXIT_FAILED, "cannot write the result to stdout");
    }
    fw_verdict_given(true);
    return rc == 0 ? 0 : fw_verdict_fail(&err);
}
