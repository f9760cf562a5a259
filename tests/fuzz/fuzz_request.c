/* SPDX-License-Identifier: MIT */
/* A request line by line: METHOD, path, then one "name=value" a line; and its headers, after an
 * empty line. Whatever it is: what is refused changes nothing, and a client without a role gets
 * nothing. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/http/request.h"
#include "agent/model/rights.h"
#include "lib/mem.h"

#define ARGS_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

static size_t read_args(char **rest, struct api_arg *args)
{
	size_t n = 0;
	for (char *line; n < ARGS_MAX && (line = strsep(rest, "\n")) && *line;) {
		const char *name = strsep(&line, "=");
		args[n++] = (struct api_arg){ name, line, line ? strlen(line) : 0 };
	}
	return n;
}

/* Host, Origin, Sec-Fetch-Site, and the name of a proxy's header, a line each. */
static void check_rights(char *rest, const struct api_call *call)
{
	static const struct api_rules rules = { .local = ROLE_REGISTER, .remote = ROLE_READ };
	const struct principal remote = { PRINCIPAL_REMOTE, ROLE_READ, "remote" };
	const struct principal none = { PRINCIPAL_REMOTE, ROLE_NONE, "remote" };
	const struct principal local = { PRINCIPAL_LOCAL, ROLE_REGISTER, "local" };
	struct request_facts facts = { .needs = call->needs, .change = call->change, .n_hosts = 1 };
	struct err err = { "" };
	facts.host = strsep(&rest, "\n");
	facts.origin = strsep(&rest, "\n");
	facts.fetch_site = strsep(&rest, "\n");
	facts.proxy = strsep(&rest, "\n");
	must(rights_check(&rules, &none, &facts, &err) == 403);
	must((rights_check(&rules, &remote, &facts, &err) == 403) == call->change);
	/* No name in Host is known here. */
	must((rights_check(&rules, &local, &facts, &err) == 403) == call->change);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_arg args[ARGS_MAX];
	struct api_call call;
	char *text = mem_new(size + 1, 1), *rest = text;
	memcpy(text, data, size);
	const char *method = strsep(&rest, "\n");
	const char *path = rest ? strsep(&rest, "\n") : "";
	struct api_request request = { .method = method, .path = path, .args = args, .body = "" };
	request.n_args = read_args(&rest, args);
	request_parse(&request, &call);
	must(call.change == (call.needs > ROLE_READ));
	if (call.kind == API_REGISTER || call.kind == API_UNREGISTER || call.kind == API_DRAIN ||
	    call.kind == API_UNDRAIN || call.kind == API_RELOAD || call.kind == API_CONFIRM ||
	    call.kind == API_DIFF)
		must(call.change);
	if (call.kind == API_ERROR)
		must(call.status >= 400 && call.err.text[0]);
	check_rights(rest, &call);
	api_call_done(&call);
	free(text);
	return 0;
}
