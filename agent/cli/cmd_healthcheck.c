/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_healthcheck.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/cli/client.h"
#include "agent/config/config.h"
#include "agent/store/stored_peers.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* Of connecting, sending and each read; all reads together take twice that at most. */
#define PATIENCE_S 1
#define ANSWER_MAX 4096
#define ARGS_MAX   64

/* ---- finding the configuration ---- */

static bool is_agent(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;
	return str_equal(name, "vipherald") || str_equal(name, "gocast");
}

/* Also behind an init: "tini -- vipherald -config=FILE". NULL: not an agent. The text is in the
 * caller's buffer. */
static const char *config_in(char *const argv[], int argc)
{
	struct cli cli;
	struct err err;
	int at = 0;
	while (at < argc && !is_agent(argv[at]))
		at++;
	if (at == argc || cli_parse(argc - at, argv + at, &cli, &err) < 0)
		return NULL;
	return cli.command == CLI_RUN ? cli.config : NULL;
}

/* A relative path is resolved from the agent's working directory, where that can be seen. NULL: the
 * process is not an agent. Free it. */
static char *config_of(unsigned long pid)
{
	char text[ANSWER_MAX + 1], path[ANSWER_MAX + 64], *argv[ARGS_MAX + 1];
	snprintf(path, sizeof(path), "/proc/%lu/cmdline", pid);
	int argc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return NULL;
	text[n] = 0;
	for (char *p = text; p < text + n && argc < ARGS_MAX; p += strlen(p) + 1)
		argv[argc++] = p;
	argv[argc] = NULL;
	const char *config = config_in(argv, argc);
	if (!config || config[0] == '/')
		return config ? mem_strdup(config) : NULL;
	snprintf(path, sizeof(path), "/proc/%lu/cwd/%s", pid, config);
	/* An agent that gave up its privileges cannot be looked into. Commands in its container
	 * begin in the same directory. */
	return mem_strdup(access(path, F_OK) == 0 ? path : config);
}

static bool shares(unsigned long pid, const char *kind)
{
	char ours[64], path[64], theirs[64];
	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	ssize_t n = readlink(path, ours, sizeof(ours));
	snprintf(path, sizeof(path), "/proc/%lu/ns/%s", pid, kind);
	ssize_t m = readlink(path, theirs, sizeof(theirs));
	return n > 0 && n == m && memcmp(ours, theirs, (size_t)n) == 0;
}

/* The agent is process 1 of the container, or, in one that shares the PID namespace of the host or
 * of a pod, the agent with our network and mount namespace. Free it. */
static char *find_config(void)
{
	char *config = config_of(1);
	DIR *proc = config ? NULL : opendir("/proc");
	if (!proc)
		return config;
	// cppcheck-suppress readdirCalled
	for (struct dirent *entry; !config && (entry = readdir(proc));) {
		uint64_t pid;
		if (str_to_u64(entry->d_name, INT32_MAX, &pid) == 0 && shares(pid, "net") &&
		    shares(pid, "mnt"))
			config = config_of(pid);
	}
	closedir(proc);
	return config;
}

/* ---- the query ---- */

static int exchange(int fd, const char *request, char answer[static ANSWER_MAX + 1])
{
	size_t len = 0, left = strlen(request);
	mono_t end = loop_clock() + PATIENCE_S * USEC_PER_SEC;
	ssize_t n = send(fd, request, left, MSG_NOSIGNAL);
	if (n != (ssize_t)left)
		return n < 0 ? -errno : -EIO;
	while (len < ANSWER_MAX && loop_clock() < end &&
	       (n = recv(fd, answer + len, ANSWER_MAX - len, 0)) > 0)
		len += (size_t)n;
	answer[len] = 0;
	return n < 0 ? -errno : 0;
}

static int query(const struct endpoint *at, const char *path, char answer[static ANSWER_MAX + 1])
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_storage ss;
	char request[64];
	socklen_t len = client_address_of(at, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", path);
	int r = connect(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
	if (r == 0)
		r = exchange(fd, request, answer);
	close(fd);
	/* A timeout of a socket is EAGAIN, of a connect EINPROGRESS. */
	return r == -EAGAIN || r == -EINPROGRESS ? -ETIMEDOUT : r;
}

/* 0: not HTTP. *ret_body is the first line of the body, printable. */
static unsigned read_answer(const char *answer, size_t body_max, char *ret_body)
{
	unsigned status = 0;
	const char *body = strstr(answer, "\r\n\r\n");
	if (!body || sscanf(answer, "HTTP/1.%*1u %3u", &status) != 1)
		return 0;
	body += 4;
	str_printable(ret_body, body_max, body, strcspn(body, "\n"));
	return status;
}

static int query_agent(const struct endpoint *at, bool ready, FILE *out)
{
	char answer[ANSWER_MAX + 1], body[512], where[ENDPOINT_TEXT_MAX];
	const char *path = ready ? "/readyz" : "/healthz";
	endpoint_format(at, where);
	int r = query(at, path, answer);
	if (r < 0) {
		fprintf(out, "%s%s: %s\n", where, path, strerror(-r));
		return 1;
	}
	unsigned status = read_answer(answer, sizeof(body), body);
	if (status == 0)
		fprintf(out, "%s%s: answer is not HTTP, another program may be listening there\n",
			where, path);
	else
		fprintf(out, "%s%s: %u %s\n", where, path, status, body);
	return status == 200 ? 0 : 1;
}

/* The agent is on this host: which certificate it has does not matter, as no other proof is asked
 * for without TLS. */
static int query_tls(const struct endpoint *at, bool ready, FILE *out)
{
	const char *path = ready ? "/readyz" : "/healthz";
	char body[512], host[ADDR_TEXT_MAX];
	struct client client = { .tls = { .unverified = true, .patience_s = PATIENCE_S } };
	struct client_reply reply;
	struct sockaddr_storage ss;
	struct addr addr;
	struct err err = { "" };
	uint16_t port;
	client_address_of(at, &ss);
	addr_from_sockaddr(&ss, &addr, &port);
	addr_format(&addr, host);
	snprintf(client.tls.url, sizeof(client.tls.url),
		 addr.family == AF_INET6 ? "https://[%s]:%u" : "https://%s:%u", host,
		 (unsigned)port);
	if (client_request(&client, "GET", path, &reply, &err) < 0) {
		fprintf(out, "%s\n", err.text);
		return 1;
	}
	str_printable(body, sizeof(body), reply.body, strcspn(reply.body, "\n"));
	fprintf(out, "%s%s: %u %s\n", client.tls.url, path, reply.status, body);
	int status = reply.status == 200 ? 0 : 1;
	client_reply_done(&reply);
	return status;
}

int cmd_healthcheck(const char *file, bool ready, FILE *out)
{
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	char *found = file ? NULL : find_config();
	struct client client = { 0 };
	int status = 1;
	if (!file)
		file = found;
	if (!file && client_find_own(&client))
		status = query_agent(&client.at, ready, out);
	else if (!file)
		fprintf(out, "no agent found in this container, use -config=FILE\n");
	else if (stored_peers_load_config(file, &config, &findings) < 0)
		config_findings_print(&findings, file, out);
	else if (config->tls_keys && !config->agent.listen_addr.unix_path[0])
		status = query_tls(&config->agent.listen_addr, ready, out);
	else
		status = query_agent(&config->agent.listen_addr, ready, out);
	config_findings_done(&findings);
	config_free(config);
	free(found);
	return status;
}
