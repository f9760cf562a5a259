/* SPDX-License-Identifier: MIT */
#include "agent/page/file.h"

#include "lib/str.h"

const struct page_file *page_file_find(const char *name)
{
	for (const struct page_file *f = page_files; f->name; f++)
		if (str_equal(f->name, name))
			return f;
	return NULL;
}
