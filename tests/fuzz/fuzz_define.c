/* SPDX-License-Identifier: MIT */
/* The body of PUT /v1/apps/NAME. An accepted app is the same when it is shown and read again, as
 * from the state file; a refused one has an error. */
#include <stdint.h>
#include <stdlib.h>

#include "agent/config/define.h"
#include "agent/config/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config_findings findings = { 0 };
	struct app_spec spec, again;
	if (config_define_text((const char *)data, len, "dns", &spec, &findings) < 0) {
		if (findings.n_errors == 0)
			abort();
		config_findings_done(&findings);
		return 0;
	}
	json_t *shown = config_show_app(&spec, CONFIG_SHOW_ALL);
	if (config_define_app(shown, NULL, &again, &findings) < 0 || !app_spec_equal(&spec, &again))
		abort();
	json_decref(shown);
	app_spec_done(&spec);
	app_spec_done(&again);
	config_findings_done(&findings);
	return 0;
}
