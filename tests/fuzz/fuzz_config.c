/* SPDX-License-Identifier: MIT */
/* Any text as a configuration: it is read or refused with findings that can be printed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[512];
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	int r = config_load_text((const char *)data, size, &config, &findings);
	if ((r == 0) != (config != NULL) || (r == 0) != (findings.n_errors == 0))
		abort();
	if (config && (config->bgp.n_peers == 0 || config->bgp.local_as == 0))
		abort();
	for (size_t i = 0; i < findings.n; i++) {
		config_finding_format(&findings.items[i], "x", line, sizeof(line));
		if (strchr(line, '\n'))
			abort();
	}
	config_free(config);
	config_findings_done(&findings);
	return 0;
}
