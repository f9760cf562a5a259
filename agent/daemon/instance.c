/* SPDX-License-Identifier: MIT */
#include "agent/daemon/instance.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "net/socket_holder.h"

#define NAME_TRIES 100 /* one second */

void instance_init(struct instance *i)
{
	*i = (struct instance){ 0 };
	instance_lock_init(&i->lock);
}

/* Could a process of this user be a vipherald? A kernel that does not tell means yes. */
static bool is_agents(const struct socket_holder *h, const struct config *config)
{
	const char *name = config->agent.user;
	/* cppcheck-suppress getpwnamCalled ; one thread, and before the loop */
	const struct passwd *user = name ? getpwnam(name) : NULL;
	if (!h->has_uid || h->uid == 0 || h->uid == geteuid())
		return true;
	return user && h->uid == user->pw_uid;
}

/* A child that an agent had just forked when it was killed has the name until it closes what it
 * inherited. */
static int wait_for_name(struct instance_lock *lock, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int r = instance_lock_name(lock, err);
	for (int i = 0; r == -EADDRINUSE && i < NAME_TRIES; i++) {
		nanosleep(&pause, NULL);
		r = instance_lock_name(lock, err);
	}
	return r;
}

static int claim_name(struct instance *i, const struct config *config, struct err *err)
{
	char who[SOCKET_HOLDER_TEXT_MAX];
	struct socket_holder holder;
	int r = wait_for_name(&i->lock, err);
	if (r != -EADDRINUSE)
		return r;
	socket_holder_of_name(INSTANCE_LOCK_NAME, &holder);
	socket_holder_format(&holder, who);
	if (is_agents(&holder, config))
		return err_set(err, r,
			       "another vipherald manages lo in this network namespace: %s has "
			       "@" INSTANCE_LOCK_NAME,
			       who);
	snprintf(i->squatter, sizeof(i->squatter),
		 "%s holds @" INSTANCE_LOCK_NAME
		 " and is not a vipherald: an agent in a container would not notice this one; stop "
		 "that process and restart vipherald",
		 who);
	log_error("agent", "%s; starting anyway", i->squatter);
	return 0;
}

int instance_claim(struct instance *i, const struct config *config, struct err *err)
{
	int r = instance_lock_file(&i->lock, INSTANCE_LOCK_DIR, err);
	return r < 0 ? r : claim_name(i, config, err);
}

void instance_done(struct instance *i)
{
	instance_lock_done(&i->lock);
}
