/* SPDX-License-Identifier: MIT */
/* Any bytes as the configuration of another tool: refused, or converted to what `check` accepts. */
#ifndef TESTS_FUZZ_CONVERT_H
#define TESTS_FUZZ_CONVERT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/findings.h"
#include "agent/config/parse.h"
#include "agent/convert/print.h"
#include "agent/convert/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_must(int condition)
{
	if (!condition)
		abort();
}

/* The output is YAML, and a second revision finds nothing more to remove. */
static inline void fuzz_expect_settled(struct convert *c)
{
	char *text = NULL;
	size_t len = 0;
	struct config_tree *tree = NULL;
	struct config_findings findings = { 0 };
	FILE *out = open_memstream(&text, &len);
	fuzz_must(out != NULL);
	convert_print(c, out);
	fclose(out);
	config_parse(text, len, &tree, &findings);
	fuzz_must(findings.n_errors == 0 || len > CONFIG_FILE_MAX);
	config_findings_done(&findings);
	config_tree_free(tree);
	free(text);
}

static inline int fuzz_convert(const char *tool, const uint8_t *data, size_t size,
			       const struct convert_options *options)
{
	struct err err = { "" };
	struct convert c;
	/* Two files, so that one can refer to the other. */
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size;
	const struct convert_input inputs[] = {
		{ "a.conf", (const char *)data, first },
		{ "b.conf", (const char *)data + first + 1, cut ? size - first - 1 : 0 },
	};
	if (convert_run(tool, inputs, cut ? 2 : 1, options, &c, &err) < 0) {
		fuzz_must(err.text[0] != 0);
		return 0;
	}
	fuzz_expect_settled(&c);
	convert_done(&c);
	return 0;
}

#endif
