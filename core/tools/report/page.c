/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/print.h"

/* No script, no font, no image from anywhere: the page is read years later, on another machine. */
static const char style[] =
    ":root{color-scheme:light dark;--line:#8886;--soft:#8882;--ok:#2a7d4f;--bad:#b3261e;"
    "--wait:#9a6700}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;"
    "margin:1rem 0 .3rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}"
    "td:first-child{white-space:nowrap}th{font-weight:600;white-space:nowrap}.facts "
    "th{width:11rem}td.n,th.n{text-align:right;white-space:nowrap}"
    "code,pre{font:13px/1.4 ui-monospace,monospace}pre{background:var(--soft);padding:.6rem;"
    "overflow:auto;white-space:pre-wrap}"
    "details{border:1px solid var(--line);border-radius:6px;padding:.4rem .8rem;margin:.5rem 0}"
    "summary{cursor:pointer}summary b,summary .badge{margin-right:.6rem}"
    ".badge{border-radius:4px;padding:.1rem .5rem;color:#fff;background:var(--wait)}"
    ".done,.executed,.reused{background:var(--ok)}.failed,.lost{background:var(--bad)}"
    "svg{width:100%;height:auto;background:var(--soft);border-radius:6px}"
    "svg text{font:12px system-ui,sans-serif;fill:currentColor}"
    ".bar-done{fill:var(--ok)}.bar-bad{fill:var(--bad)}.bar-open{fill:var(--wait)}"
    ".bin{fill:#3b6fb6}.mark{stroke:var(--bad);stroke-dasharray:3 2}.axis{stroke:var(--line)}"
    "svg.histogram{max-width:41rem;display:block}table.columns{width:auto;min-width:50%}"
    ".note{opacity:.75;font-size:.9em}.digest{font:12px/1.6 ui-monospace,monospace}"
    ".schema{margin:.4rem 0}"
    ".budget{fill:none;stroke:var(--line)}.peak{fill:#3b6fb6}";

void page_text(struct fw_str *page, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fw_str_add(page, "&amp;");
            break;
        case '<':
            fw_str_add(page, "&lt;");
            break;
        case '>':
            fw_str_add(page, "&gt;");
            break;
        case '"':
            fw_str_add(page, "&quot;");
            break;
        default:
            fw_str_add_bytes(page, text, 1);
        }
    }
}

void page_element(struct fw_str *page, const char *tag, const char *class, const char *text)
{
    fw_str_printf(page, "<%s", tag);
    if (class) {
        fw_str_printf(page, " class=\"%s\"", class);
    }
    fw_str_add(page, ">");
    page_text(page, text);
    fw_str_printf(page, "</%s>", tag);
}

void page_begin(struct fw_str *page, const char *title)
{
    fw_str_add(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\">");
    page_element(page, "title", NULL, title);
    fw_str_printf(page, "<style>%s</style></head><body>\n", style);
}

void page_end(struct fw_str *page)
{
    fw_str_add(page, "</body></html>\n");
}

void page_fact(struct fw_str *page, const char *name, const char *value)
{
    if (value && *value != '\0') {
        fw_str_add(page, "<tr>");
        page_element(page, "th", NULL, name);
        page_element(page, "td", NULL, value);
        fw_str_add(page, "</tr>\n");
    }
}

void page_bytes(struct fw_str *page, double bytes)
{
    char text[32] = "";
    if (bytes > 0) {
        fw_print_bytes((uint64_t)bytes, text);
    }
    page_element(page, "td", "n", text);
}

char *page_value(const cJSON *value)
{
    struct fw_str text = {0};
    const cJSON *item;
    if (!value || cJSON_IsNull(value)) {
        return fw_text("%s", "");
    }
    if (cJSON_IsString(value)) {
        return fw_text("%s", value->valuestring);
    }
    if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(item, value)
        {
            fw_auto(free) char *part = page_value(item);
            fw_str_printf(&text, "%s%s", text.len > 0 ? ", " : "", part ? part : "");
        }
        return fw_str_take(&text);
    }
    char *line = NULL;
    return fw_json_line(value, &line, NULL) == 0 ? line : fw_text("%s", "");
}
