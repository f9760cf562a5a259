/* SPDX-License-Identifier: MIT */
#include "agent/convert/run.h"

#include <errno.h>
#include <stdint.h>

#include "agent/convert/anycast.h"
#include "agent/convert/exabgp.h"
#include "agent/convert/fabio.h"
#include "agent/convert/gocast.h"
#include "agent/convert/revise.h"
#include "lib/array.h"
#include "lib/str.h"
#include "lib/utf8.h"

#define TOOLS(X)                                                                                   \
	X("gocast", convert_gocast)                                                                \
	X("exabgp", convert_exabgp)                                                                \
	X("anycast-healthchecker", convert_anycast)                                                \
	X("fabio", convert_fabio)

#define CONVERTER(name, convert) { name, convert },
#define NAME(name, convert)      name,

static const struct {
	const char *name;
	int (*convert)(struct convert *c, const struct convert_input *inputs, size_t n,
		       const struct convert_options *options, struct err *err);
} converters[] = { TOOLS(CONVERTER) };

const char *const convert_tools[] = { TOOLS(NAME) NULL };

/* ---- input ---- */

static unsigned line_of(const char *text, size_t offset)
{
	unsigned line = 1;
	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

static int check_text(const struct convert_input *in, struct err *err)
{
	uint32_t c;
	if (in->len > CONVERT_FILE_MAX)
		return err_set(err, -EINVAL, "%s: larger than the maximum of %zu MB", in->name,
			       CONVERT_FILE_MAX >> 20);
	for (size_t i = 0, n; i < in->len; i += n) {
		n = utf8_decode(in->text + i, in->len - i, &c);
		if (n == 0 || c == 0)
			return err_set(err, -EINVAL, "%s:%u: not a text in UTF-8 (byte 0x%02x)",
				       in->name, line_of(in->text, i), (unsigned char)in->text[i]);
	}
	return 0;
}

int convert_run(const char *tool, const struct convert_input *inputs, size_t n,
		const struct convert_options *options, struct convert *ret, struct err *err)
{
	int rc = n > CONVERT_FILES_MAX ? err_set(err, -EINVAL, "%zu files, the maximum is %d", n,
						 CONVERT_FILES_MAX)
				       : 0;
	*ret = (struct convert){ .tool = tool, .document = json_object() };
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_text(&inputs[i], err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(converters); i++)
		if (str_equal(converters[i].name, tool))
			rc = converters[i].convert(ret, inputs, n, options, err);
	if (rc == 0)
		convert_revise(ret);
	else
		convert_done(ret);
	return rc;
}
