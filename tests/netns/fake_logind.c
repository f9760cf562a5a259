/* SPDX-License-Identifier: MIT */
/*
 * A logind of a few lines on the bus of DBUS_SYSTEM_BUS_ADDRESS, for logind.py. Each line of stdin
 * is an order: "shutdown" and "cancel" are signals, "refuse" makes it refuse locks. On stdout:
 * "ready", and what becomes of locks.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define PATH      "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

static sd_event *loop;
static sd_bus *bus;
static bool refuses;

static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-rc));
	exit(1);
}

static int on_released(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)revents, (void)userdata;
	puts("released");
	sd_event_source_disable_unref(source);
	close(fd);
	return 0;
}

static int inhibit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *what, *who, *why, *mode;
	int fds[2];
	(void)userdata;
	must(sd_bus_message_read(m, "ssss", &what, &who, &why, &mode), "Inhibit");
	if (refuses)
		return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "not for you");
	must(pipe(fds), "pipe");
	must(sd_event_add_io(loop, NULL, fds[0], EPOLLHUP, on_released, NULL), "sd_event_add_io");
	printf("inhibit %s %s %s: %s\n", what, who, mode, why);
	int rc = sd_bus_reply_method_return(m, "h", fds[1]);
	close(fds[1]);
	return rc;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("PrepareForShutdown", "b", 0),
	SD_BUS_VTABLE_END,
};

static int on_order(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	char line[64];
	(void)source, (void)fd, (void)revents, (void)userdata;
	if (!fgets(line, sizeof(line), stdin))
		return sd_event_exit(loop, 0);
	refuses = refuses || strcmp(line, "refuse\n") == 0;
	if (strcmp(line, "refuse\n") != 0)
		must(sd_bus_emit_signal(bus, PATH, INTERFACE, "PrepareForShutdown", "b",
					strcmp(line, "shutdown\n") == 0),
		     "PrepareForShutdown");
	puts("done");
	return 0;
}

int main(void)
{
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(sd_event_new(&loop), "sd_event_new");
	must(sd_bus_open_system(&bus), "sd_bus_open_system");
	must(sd_bus_attach_event(bus, loop, 0), "sd_bus_attach_event");
	must(sd_bus_add_object_vtable(bus, NULL, PATH, INTERFACE, vtable, NULL), "vtable");
	must(sd_bus_request_name(bus, "org.freedesktop.login1", 0), "sd_bus_request_name");
	must(sd_event_add_io(loop, NULL, STDIN_FILENO, EPOLLIN, on_order, NULL), "stdin");
	puts("ready");
	return sd_event_loop(loop);
}
