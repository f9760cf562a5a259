/* SPDX-License-Identifier: MIT */
/* Accept, Accept-Encoding, a parameter and its value, a line each, then a text: whatever it is, it
 * is not markup in the page. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/http/accept.h"
#include "agent/page/html.h"
#include "agent/page/query.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

static const char *line_of(char **rest)
{
	const char *line = *rest ? strsep(rest, "\n") : NULL;
	return line ? line : "";
}

static void check_html(const char *text)
{
	struct html h = { 0 };
	html_add(&h, "%s", text);
	must(!h.text || !strpbrk(h.text, "<>\"'"));
	html_add_query(&h, text);
	must(!h.text || !strpbrk(h.text, "<>\"'"));
	free(h.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct page_query query = { 0 };
	struct err err = { "" };
	char *text = mem_new(size + 1, 1), *rest = text;
	memcpy(text, data, size);
	const char *accept = line_of(&rest);
	if (accept_prefers(accept, "text/html", "application/json"))
		must(accept_allows(accept, "text/html"));
	accept_allows(line_of(&rest), "gzip");
	const char *name = line_of(&rest), *value = line_of(&rest);
	if (page_query_set(&query, name, value, &err) < 0)
		must(err.text[0] != 0);
	check_html(query.text);
	check_html(rest ? rest : "");
	free(text);
	return 0;
}
