/* SPDX-License-Identifier: MIT */
/* The files of the page, which agent/page/embed puts into the program. Pure. */
#ifndef AGENT_PAGE_FILE_H
#define AGENT_PAGE_FILE_H

#include <stddef.h>

struct page_octets {
	const char *etag; /* with its quotes */
	const unsigned char *data;
	size_t len;
};

struct page_file {
	const char *name; /* "style.css"; NULL after the last */
	const char *type;
	struct page_octets plain, packed; /* as it is, and by gzip */
};

extern const struct page_file page_files[];

/* The template of the page: sections go where it has their {{name}}. It is not served itself. */
#define PAGE_TEMPLATE "index.html"

/* NULL: there is none. */
const struct page_file *page_file_find(const char *name);

#endif
