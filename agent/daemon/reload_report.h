/* SPDX-License-Identifier: MIT */
/* Report of a reload, or of why it was refused: in the log, and as JSON. */
#ifndef AGENT_DAEMON_RELOAD_REPORT_H
#define AGENT_DAEMON_RELOAD_REPORT_H

#include "agent/daemon/reload_job.h"
#include "agent/status/config_file.h"

struct agent;

/* {errors, warnings} */
json_t *reload_findings_json(const struct config_findings *findings);
json_t *reload_result_json(const struct agent *a, const struct reload_job *job, bool ok);
/* The first changes, a line each. */
void reload_log_changes(const struct reload_job *job);
enum reload_end reload_end_of(const struct reload_job *job, bool ok);
unsigned reload_status(const struct reload_job *job, bool ok); /* of HTTP */
void reload_log_end(const struct agent *a, const struct reload_job *job, bool ok);

#endif
