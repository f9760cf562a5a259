/* SPDX-License-Identifier: MIT */
#include "agent/status/sandbox_status.h"

#include "agent/status/view_json.h"
#include "process/syscall_filter.h"

json_t *view_sandbox(const struct sandbox_status *s)
{
	char name[SYSCALL_NAME_MAX];
	return json_pack("{s:b, s:i, s:s, s:I, s:o}", "system_calls", s->is_filtered, "landlock",
			 s->landlock, "commands", s->commands, "refused_calls",
			 VIEW_INT(s->refused_calls), "last_refused",
			 s->last_refused < 0
				 ? json_null()
				 : view_text(syscall_filter_name(s->last_refused, name)));
}
