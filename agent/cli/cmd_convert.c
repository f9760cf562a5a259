/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_convert.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/convert/print.h"
#include "agent/convert/run.h"
#include "lib/mem.h"
#include "lib/str.h"

/* One octet more than may be, so that the converter can say that it is too many. */
static int read_stream(FILE *in, struct convert_input *ret)
{
	char *text = mem_new(CONVERT_FILE_MAX + 1, 1);
	ret->text = text;
	ret->len = fread(text, 1, CONVERT_FILE_MAX + 1, in);
	return ferror(in) ? -EIO : 0;
}

static int read_file(const char *name, struct convert_input *ret)
{
	bool is_stdin = str_equal(name, "-");
	FILE *in = is_stdin ? stdin : fopen(name, "re");
	ret->name = is_stdin ? "stdin" : name;
	int rc = in ? read_stream(in, ret) : -errno;
	if (in && !is_stdin)
		fclose(in);
	return rc;
}

static int convert_inputs(const struct verb_call *call, const struct convert_input *inputs,
			  size_t n)
{
	const char *allow[VERB_VALUES_MAX];
	struct convert c;
	struct err err;
	struct convert_options options = { .native = verb_has(call, "native"),
					   .args = &call->words[call->rest],
					   .n_args = call->n_words - call->rest,
					   .allow = allow };
	for (size_t i = 0; i < call->n_values; i++)
		if (str_equal(call->values[i].name, "allow"))
			allow[options.n_allow++] = call->values[i].value;
	if (convert_run(call->words[0], inputs, n, &options, &c, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return CONVERT_FAILED;
	}
	convert_print(&c, stdout);
	int status = c.n_lost > 0 ? CONVERT_PARTLY : CONVERT_WHOLE;
	convert_done(&c);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "vipherald: convert: output incomplete: %s\n", strerror(errno));
	return CONVERT_FAILED;
}

int cmd_convert(const struct verb_call *call)
{
	size_t n = call->rest - 1;
	int rc = 0, status = CONVERT_FAILED;
	struct convert_input *inputs = mem_new(n + 1, sizeof(*inputs));
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = read_file(call->words[1 + i], &inputs[i]);
		if (rc < 0)
			fprintf(stderr, "vipherald: %s cannot be read: %s\n", call->words[1 + i],
				strerror(-rc));
	}
	if (rc == 0 && n == 0 && call->n_words == call->rest)
		fprintf(stderr, "vipherald: convert: expected %s (vipherald convert --help)\n",
			call->verb->args);
	else if (rc == 0)
		status = convert_inputs(call, inputs, n);
	for (size_t i = 0; i < n; i++)
		free((char *)inputs[i].text);
	free(inputs);
	return status;
}
