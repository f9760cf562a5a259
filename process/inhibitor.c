/* SPDX-License-Identifier: MIT */
/*
 * sd-bus on the event loop: connecting, the handshake and every call are asynchronous. The lock is
 * a file descriptor, which holds as long as it is open, whatever becomes of the bus.
 */
#include "process/inhibitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "lib/mem.h"
#include "process/fd.h"
#include "process/loop.h"

#define ADDRESS   "unix:path=/run/dbus/system_bus_socket"
#define LOGIND    "org.freedesktop.login1"
#define PATH      "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"
/* After the bus was lost. */
#define RETRY (10 * USEC_PER_SEC)

struct inhibitor {
	sd_event *loop;
	char *who, *why;
	const struct inhibitor_ops *ops;
	void *userdata;
	sd_bus *bus; /* NULL: not connected */
	sd_bus_slot *signal, *lost, *call;
	sd_event_source *retry;
	int lock; /* -1: not held */
	bool left;
};

static void disconnect(struct inhibitor *i)
{
	i->signal = sd_bus_slot_unref(i->signal);
	i->lost = sd_bus_slot_unref(i->lost);
	i->call = sd_bus_slot_unref(i->call);
	/* Neither flushes: that would wait. */
	if (i->bus) {
		sd_bus_detach_event(i->bus);
		sd_bus_close(i->bus);
	}
	i->bus = sd_bus_unref(i->bus);
}

/* The lock */

static void inhibited(struct inhibitor *i, sd_bus_message *m)
{
	struct err err;
	const sd_bus_error *failure = sd_bus_message_get_error(m);
	int fd = -1, rc = failure ? -sd_bus_message_get_errno(m) : sd_bus_message_read(m, "h", &fd);
	i->call = sd_bus_slot_unref(i->call);
	if (rc >= 0 && (fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0) /* the message owns its own */
		rc = -errno;
	if (rc < 0 && sd_bus_is_open(i->bus) <= 0)
		rc = -ECONNRESET; /* whatever the library calls it */
	if (rc < 0) {
		err_set(&err, rc, "%.200s",
			failure && failure->message ? failure->message : strerror(-rc));
		i->ops->failed(rc, &err, i->userdata);
		return;
	}
	fd_close(&i->lock);
	i->lock = fd;
	i->ops->acquired(i->userdata);
}

static int on_inhibit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)error;
	mono_t began = loop_clock();
	inhibited(userdata, m);
	loop_account(LOOP_NAME(on_inhibit), began);
	return 0;
}

void inhibitor_acquire(struct inhibitor *i)
{
	if (i->bus && i->lock < 0 && !i->call)
		(void)sd_bus_call_method_async(i->bus, &i->call, LOGIND, PATH, INTERFACE, "Inhibit",
					       on_inhibit, i, "ssss", "shutdown", i->who, i->why,
					       "delay");
}

void inhibitor_release(struct inhibitor *i)
{
	fd_close(&i->lock);
}

bool inhibitor_is_held(const struct inhibitor *i)
{
	return i->lock >= 0;
}

/* Signals */

static int on_prepare(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)error;
	struct inhibitor *i = userdata;
	mono_t began = loop_clock();
	int begins;
	if (sd_bus_message_read(m, "b", &begins) >= 0)
		i->ops->shutdown(begins, i->userdata);
	loop_account(LOOP_NAME(on_prepare), began);
	return 0;
}

static int connect_bus(struct inhibitor *i);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct inhibitor *i = userdata;
	disconnect(i); /* not in its own callback */
	if (!i->left && connect_bus(i) < 0)
		loop_timer_set(i->loop, &i->retry, usec_add(loop_now(i->loop), RETRY), LOOP_HTTP,
			       on_retry, i);
	return 0;
}

static int on_lost(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)m, (void)error;
	struct inhibitor *i = userdata;
	loop_timer_set(i->loop, &i->retry, usec_add(loop_now(i->loop), RETRY), LOOP_HTTP, on_retry,
		       i);
	return 0;
}

/* Connecting */

static int start(struct inhibitor *i)
{
	const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int rc = sd_bus_new(&i->bus);
	if (rc >= 0)
		rc = sd_bus_set_address(i->bus, address && *address ? address : ADDRESS);
	if (rc >= 0)
		rc = sd_bus_set_bus_client(i->bus, true);
	if (rc >= 0)
		rc = sd_bus_negotiate_fds(i->bus, true);
	if (rc >= 0)
		rc = sd_bus_start(i->bus);
	if (rc >= 0)
		rc = sd_bus_attach_event(i->bus, i->loop, LOOP_HTTP);
	return rc;
}

static int connect_bus(struct inhibitor *i)
{
	int rc = start(i);
	if (rc >= 0)
		rc = sd_bus_match_signal_async(i->bus, &i->lost, "org.freedesktop.DBus.Local",
					       "/org/freedesktop/DBus/Local",
					       "org.freedesktop.DBus.Local", "Disconnected",
					       on_lost, NULL, i);
	if (rc >= 0)
		rc = sd_bus_match_signal_async(i->bus, &i->signal, LOGIND, PATH, INTERFACE,
					       "PrepareForShutdown", on_prepare, NULL, i);
	if (rc < 0) {
		disconnect(i);
		return rc;
	}
	inhibitor_acquire(i);
	return 0;
}

/* Life */

int inhibitor_new(sd_event *loop, const char *who, const char *why, const struct inhibitor_ops *ops,
		  void *userdata, struct inhibitor **ret, struct err *err)
{
	struct inhibitor *i = mem_new(1, sizeof(*i));
	i->loop = loop;
	i->who = mem_strdup(who);
	i->why = mem_strdup(why);
	i->ops = ops;
	i->userdata = userdata;
	i->lock = -1;
	int rc = connect_bus(i);
	if (rc < 0) {
		inhibitor_free(i);
		return err_set(err, rc, "no system bus: %s", strerror(-rc));
	}
	*ret = i;
	return 0;
}

void inhibitor_leave(struct inhibitor *i)
{
	i->left = true;
	i->retry = sd_event_source_disable_unref(i->retry);
	disconnect(i);
}

void inhibitor_free(struct inhibitor *i)
{
	if (!i)
		return;
	inhibitor_leave(i);
	fd_close(&i->lock);
	free(i->who);
	free(i->why);
	free(i);
}
