/* SPDX-License-Identifier: MIT */
/* Privileges that an agent needs and gives up; each case in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/daemon/privileges.h"
#include "lib/array.h"
#include "lib/log.h"
#include "process/capability.h"
#include "tests/unit/captured_log.h"
#include "tests/unit/own_netns.h"

#define BGP                                                                                        \
	"bgp: { local_as: 65001, router_id: 127.0.0.1, local_ip: 127.0.0.1, peers: [ { peer_ip: "  \
	"127.0.0.9, peer_as: 65000 } ] }\n"
#define COMMAND "apps: [ { name: web, vip: 192.0.2.1/32, monitors: [ \"exec:true\" ] } ]\n"
#define PORT    "apps: [ { name: web, vip: 192.0.2.1/32, monitors: [ \"port:tcp:80\" ] } ]\n"

static struct captured_log lines;

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	if (config_load_text(text, strlen(text), &c, &findings) < 0)
		fail_msg("%s", findings.items[0].text);
	config_findings_done(&findings);
	return c;
}

/* In a process of its own, as what is given up does not come back. Its failed assertions are its
 * exit status. */
static void in_child(void (*what)(void))
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		what();
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static void drop(const char *text, struct capability_needs *needs)
{
	struct err err = { "" };
	struct config *c = load(text);
	require(privileges_drop(c, needs, &err) == 0, err.text);
	config_free(c);
}

#define ROOT_KEEPS (UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_DAC_OVERRIDE)

static void root_keeps_what_is_needed(void)
{
	struct capability_needs needs;
	drop("nat: { backend: nftables }\n" BGP, &needs);
	require((capability_effective() & ~(UINT64_C(1) << CAP_NET_RAW)) == ROOT_KEEPS,
		"other capabilities were kept");
	require(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs is not set");
	require(needs.n_missing == 0, "a capability is missing");
}

static void a_user_keeps_its_capabilities(void)
{
	struct capability_needs needs;
	const struct passwd *user = getpwnam("daemon");
	drop("agent: { user: daemon }\nnat: { backend: iptables }\n" BGP, &needs);
	require(geteuid() == user->pw_uid && getegid() == user->pw_gid, "another user");
	require(capability_have(CAP_NET_ADMIN) && capability_have(CAP_NET_RAW), "capabilities");
	require(!capability_have(CAP_DAC_OVERRIDE), "CAP_DAC_OVERRIDE was kept");
	require(setuid(0) < 0, "root is within reach");
	require(needs.n_missing == 0, "a capability is missing");
}

static void nothing_is_dropped_where_that_is_switched_off(void)
{
	struct capability_needs needs;
	uint64_t before = capability_effective();
	drop("agent: { drop_privileges: false }\n" BGP, &needs);
	require(capability_effective() == before, "capabilities were dropped");
	require(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0, "no_new_privs is set");
}

static void only_root_can_become_a_user(void)
{
	struct capability_needs needs;
	struct err err = { "" };
	require(setresuid(2, 2, 2) == 0, "uid 2");
	struct config *c = load("agent: { user: daemon }\n" BGP);
	require(privileges_drop(c, &needs, &err) < 0, "no error");
	require(strstr(err.text, "cannot become 'daemon' as uid 2, start as root"), err.text);
	config_free(c);
}

static void what_is_missing_is_known_afterwards(void)
{
	struct capability_needs needs;
	require(setresuid(2, 2, 2) == 0, "uid 2");
	drop("nat: { backend: iptables }\n" BGP, &needs);
	require(needs.n_missing == 2, "CAP_NET_ADMIN and CAP_NET_RAW are missing");
	captured_log_begin(&lines);
	privileges_report(&needs);
	const char *text = captured_log_read(&lines);
	captured_log_end(&lines);
	require(strstr(text, "ERROR capability: CAP_NET_ADMIN is missing"), text);
	require(strstr(text, "ERROR capability: CAP_NET_RAW is missing"), text);
}

static void test_drop(void **state)
{
	(void)state;
	in_child(root_keeps_what_is_needed);
	in_child(a_user_keeps_its_capabilities);
	in_child(nothing_is_dropped_where_that_is_switched_off);
	in_child(only_root_can_become_a_user);
	in_child(what_is_missing_is_known_afterwards);
}

static void test_an_unknown_user(void **state)
{
	struct capability_needs needs;
	struct err err = { "" };
	(void)state;
	struct config *c = load("agent: { user: no-such-user }\n" BGP);
	assert_true(privileges_drop(c, &needs, &err) < 0);
	assert_non_null(strstr(err.text, "no-such-user"));
	config_free(c);
}

static const struct {
	const char *text;
	const char *warning; /* NULL: none */
} commands[] = {
	{ BGP COMMAND, "commands run as root: set agent.exec.user" },
	{ BGP PORT, NULL },
	{ "agent: { exec: { user: daemon } }\n" BGP COMMAND, NULL },
	{ "agent: { user: daemon }\n" BGP COMMAND, NULL },
	{ "agent: { exec: { allow_from: [ config, http ] } }\n" BGP PORT,
	  "commands run as root, and agent.exec.allow_from accepts them from others" },
};

static void test_commands_of_root(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct config *c = load(commands[i].text);
		const char *got = privileges_root_commands(c);
		const char *want = commands[i].warning;
		if (!want != !got || (want && strncmp(got, want, strlen(want)) != 0))
			fail_msg("%s: %s", commands[i].text, got ? got : "no warning");
		config_free(c);
	}
}

static void a_plain_user_has_no_root_commands(void)
{
	struct config *c = load(BGP COMMAND);
	require(setresuid(2, 2, 2) == 0, "uid 2");
	require(!privileges_root_commands(c), "a warning");
	config_free(c);
}

static void test_commands_of_a_plain_user(void **state)
{
	(void)state;
	in_child(a_plain_user_has_no_root_commands);
}

/* It is read with the configuration; of the others only the names are. */
static void write_password(const char *dir)
{
	char file[64];
	snprintf(file, sizeof(file), "%s/password", dir);
	FILE *out = fopen(file, "w");
	require(out && fputs("x\n", out) > 0 && fclose(out) == 0, file);
}

/* A reload would fail. */
static void a_file_is_out_of_reach(void)
{
	static const char *const names[] = { "config.yaml", "password", "token", "consul",
					     "ca",          "cert",     "key",   "nomad" };
	char dir[] = "/tmp/vipherald-file-XXXXXX", file[64], yaml[2048];
	require(mkdtemp(dir), "mkdtemp"); /* of mode 0700 */
	snprintf(file, sizeof(file), "%s/config.yaml", dir);
	write_password(dir);
	snprintf(yaml, sizeof(yaml),
		 "agent: { user: daemon, consul_addr: 'https://192.0.2.9:8501', consul_token_file: "
		 "%1$s/consul, consul_ca_cert: %1$s/ca, consul_client_cert: %1$s/cert, "
		 "consul_client_key: %1$s/key, nomad_addr: 'http://192.0.2.9:4646', "
		 "nomad_token_file: %1$s/nomad, api: { tokens: [ { name: t, file: %1$s/token } ] } "
		 "}\n"
		 "bgp: { local_as: 65001, router_id: 192.0.2.1, password_file: %1$s/password, "
		 "peers: "
		 "[ { peer_ip: 192.0.2.2, peer_as: 65000 }, { peer_ip: 192.0.2.3, peer_as: 65000 } "
		 "] "
		 "}\n",
		 dir);
	struct config *c = load(yaml);
	require(setresuid(2, 2, 0) == 0, "uid 2");
	captured_log_begin(&lines);
	privileges_check_files(c, file);
	const char *text = captured_log_read(&lines);
	captured_log_end(&lines);
	require(setresuid(0, 0, 0) == 0, "uid 0");
	snprintf(file, sizeof(file), "%s/password", dir);
	require(unlink(file) == 0, file);
	require(rmdir(dir) == 0, dir);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char line[200];
		snprintf(line, sizeof(line),
			 "%s/%s: agent.user 'daemon' cannot read it again: Permission denied", dir,
			 names[i]);
		const char *found = strstr(text, line);
		require(found && !strstr(found + 1, line), names[i]);
	}
	config_free(c);
}

static void test_a_file_that_cannot_be_read_again(void **state)
{
	(void)state;
	in_child(a_file_is_out_of_reach);
}

/* Who the agent will be decides, not who asks (`check --capabilities` as root). */
static void test_the_user_decides(void **state)
{
	struct capability_needs as_user, as_root;
	(void)state;
	struct config *c = load("agent: { exec: { user: daemon } }\n" BGP COMMAND);
	privileges_find(c, "daemon", &as_user);
	privileges_find(c, NULL, &as_root);
	assert_int_equal(as_user.n, 1); /* CAP_NET_ADMIN; commands run as that user anyway */
	assert_int_equal(as_root.n, 4); /* and CAP_SETUID, CAP_SETGID, CAP_KILL */
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_an_unknown_user),
		cmocka_unit_test(test_commands_of_root),
		cmocka_unit_test(test_commands_of_a_plain_user),
		cmocka_unit_test(test_a_file_that_cannot_be_read_again),
		cmocka_unit_test(test_the_user_decides),
	};
	log_setup(LOG_WARNING, LOG_TEXT);
	if (geteuid() != 0) {
		fputs("this test needs root: users change\n", stderr);
		return 1;
	}
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
