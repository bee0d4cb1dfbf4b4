/* SPDX-License-Identifier: MIT */
#ifndef FIXTURE_PATH_H
#define FIXTURE_PATH_H

/* "good/t_noop" as the path of that plugin of tests/fixtures; valid until the next but seven. */
const char *fixture_path(const char *name);

/* A folder of tests/fixtures in the build tree. */
const char *fixture_folder(const char *name);

#endif
