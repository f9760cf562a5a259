/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_check.h"

#include "agent/cli/remote_files.h"
#include "agent/config/config.h"
#include "agent/daemon/privileges.h"
#include "agent/store/stored_peers.h"

static void print_count(FILE *out, const char *separator, size_t n, const char *noun)
{
	fprintf(out, "%s%zu %s%s", separator, n, noun, n == 1 ? "" : "s");
}

static void print_summary(FILE *out, const char *file, const struct config *config,
			  const struct config_findings *f, size_t warnings)
{
	fprintf(out, "%s: ", file);
	if (config && config_set_broken(&config->set) == 0) {
		print_count(out, "ok, ", config->n_apps, "app");
		print_count(out, ", ", config->bgp.n_peers, "peer");
		fprintf(out, "%s", config->tls_keys ? ", the API with TLS" : "");
	} else {
		print_count(out, "", f->n_errors, "error");
	}
	if (warnings > 0)
		print_count(out, ", ", warnings, "warning");
	fprintf(out, "\n");
}

int cmd_check(const char *file, FILE *out)
{
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	size_t warnings = 0;
	int r = stored_peers_load_config(file, &config, &findings);
	config_findings_print(&findings, file, out);
	for (size_t i = 0; i < findings.n; i++)
		warnings += findings.items[i].severity == CONFIG_WARNING;
	const char *root = config ? privileges_root_commands(config) : NULL;
	if (root)
		fprintf(out, "%s: warning: %s\n", file, root);
	warnings += root != NULL;
	warnings += config ? remote_files_warn(config, remote_fs_at, file, out) : 0;
	print_summary(out, file, config, &findings, warnings);
	bool broken = r < 0 || config_set_broken(&config->set) > 0;
	config_free(config);
	config_findings_done(&findings);
	return broken ? 1 : 0;
}

int cmd_check_capabilities(const char *file, FILE *out, FILE *errors)
{
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	struct capability_needs needs;
	int r = stored_peers_load_config(file, &config, &findings);
	config_findings_print(&findings, file, errors);
	if (r == 0) {
		privileges_find(config, CAPABILITY_UNIT_USER, &needs);
		capability_write_dropin(&needs, out);
	}
	config_free(config);
	config_findings_done(&findings);
	return r < 0 ? 1 : 0;
}
