/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload_trial.h"

#include <errno.h>
#include <unistd.h>

#include "agent/daemon/parts.h"
#include "lib/str.h"

/* The copy is of the configuration that returns: the one in effect, or the one before the trial. */
static int find_copy(const struct agent *a, char kept[static SHA256_TEXT_MAX], struct err *err)
{
	const char *path = a->config_file.path;
	if (!a->last_good)
		return err_set(
			err, -ENOENT,
			"--confirm: with agent.state_file off, no configuration is kept to roll "
			"back to");
	if (a->config->agent.user && getuid() != 0)
		return err_set(
			err, -EPERM,
			"--confirm: a start as root does not run a copy that agent.user could "
			"have written: start the agent as '%.100s' instead (User=)",
			a->config->agent.user);
	if (!last_good_find(path, kept) ||
	    (!confirm_is_open(a->confirm) && !str_equal(kept, a->config->set_sha256)))
		return err_set(err, -ENOENT,
			       "--confirm: the state directory has no copy of the configuration in "
			       "effect: reload without it");
	return 0;
}

int reload_trial_prepare(struct agent *a, struct reload_job *job, struct err *err)
{
	char kept[SHA256_TEXT_MAX] = "";
	if (last_good_is_writing(a->last_good) || (a->confirm && confirm_is_writing(a->confirm)))
		return 1;
	if (job->marked)
		return confirm_is_stored(a->confirm) ? 0
						     : err_set(err, -EIO,
							       "--confirm: cannot write the state "
							       "directory, see the log");
	int rc = find_copy(a, kept, err);
	if (rc < 0)
		return rc;
	if (str_equal(kept, job->next->set_sha256)) {
		if (job->diff.n > 0 && !confirm_is_open(a->confirm))
			return err_set(
				err, -EINVAL,
				"--confirm: only the content of a password_file has changed, which "
				"cannot be rolled back: reload without it");
		job->confirm = 0;
		return 0;
	}
	rc = confirm_prepare(a->confirm, job->next->set_sha256, job->by, err);
	job->marked = rc == 0;
	return rc < 0 ? rc : 1;
}

void reload_keep_copy(struct agent *a)
{
	if (!confirm_is_open(a->confirm))
		last_good_keep(a->last_good, a->config_file.path, a->config);
}

void reload_trial_succeed(struct agent *a, struct reload_job *job)
{
	if (job->rollback) {
		confirm_rolled_back(a->confirm);
	} else if (job->marked) {
		confirm_open(a->confirm, job->confirm);
	} else if (confirm_has_mark(a->confirm)) {
		job->confirms = confirm_is_open(a->confirm);
		confirm_close(a->confirm);
	}
	reload_keep_copy(a);
}

void reload_trial_fail(struct agent *a, struct reload_job *job)
{
	if (job->rollback)
		confirm_retry(a->confirm);
	else if (job->marked)
		confirm_abandon(a->confirm);
}
