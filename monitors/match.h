/* SPDX-License-Identifier: MIT */
/* Values of options that say what an answer must be, and how one is compared with them. Pure. */
#ifndef MONITORS_MATCH_H
#define MONITORS_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/* For struct monitor_option. */
bool text_is_valid(const char *text); /* not empty */
bool file_path_is_valid(const char *text);
bool host_name_is_valid(const char *text); /* as in a certificate, without the dot of the root */
bool http_status_list_is_valid(const char *text); /* "200-299,404" */
bool http_header_is_valid(const char *text);      /* "Name" or "Name: part of its value" */

/* NULL: 200 to 299. */
bool http_status_matches(const char *list, long status);
/* Is `part` in the first `len` bytes? An empty part is everywhere. */
bool bytes_contain(const char *bytes, size_t len, const char *part);

#endif
