/* SPDX-License-Identifier: MIT */
/* Callbacks for changes of the registry: registry_on_freed(), registry_on_changed(). */
#ifndef AGENT_APP_NOTIFY_H
#define AGENT_APP_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

struct app;

/* A name or a VIP may have become free. Called from inside functions of the registry, which is not
 * to be changed there. */
typedef void registry_freed_cb(void *userdata);
/* Persistent state has changed: an app of HTTP, its lease, or a drain over HTTP. `app` NULL: it
 * is gone; `name` NULL: the agent. `renewed`: nothing but the end of the lease. The registry is
 * not to be changed there either. */
typedef void registry_changed_cb(const char *name, const struct app *app, bool renewed,
				 void *userdata);

#define NOTIFY_READERS 3

struct notify {
	/* NULL: none. Consul, Nomad and programs wait for names and VIPs. */
	struct {
		registry_freed_cb *call;
		void *userdata;
	} freed[NOTIFY_READERS];
	registry_changed_cb *changed;
	void *changed_userdata;
};

static inline void notify_freed(const struct notify *n)
{
	for (size_t i = 0; i < NOTIFY_READERS; i++)
		if (n->freed[i].call)
			n->freed[i].call(n->freed[i].userdata);
}

static inline void notify_changed(const struct notify *n, const char *name, const struct app *app,
				  bool renewed)
{
	if (n->changed)
		n->changed(name, app, renewed, n->changed_userdata);
}

#endif
