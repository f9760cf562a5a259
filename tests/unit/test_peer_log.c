/* SPDX-License-Identifier: MIT */
/* The lines about peers, from statuses that the test makes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>

#include "agent/daemon/peer_log.h"
#include "agent/status/view_route.h"
#include "agent/vip/host_changes.h"
#include "lib/str.h"
#include "net/iface.h"
#include "tests/unit/captured_log.h"

#define PEERS 2

/* In the place of the speaker. */
struct bgp_speaker {
	struct bgp_peer_config configs[PEERS];
	struct bgp_peer_status peers[PEERS];
	size_t n;
};

size_t bgp_speaker_n_peers(const struct bgp_speaker *s)
{
	return s->n;
}

void bgp_speaker_peer_status(const struct bgp_speaker *s, size_t peer, struct bgp_peer_status *ret)
{
	*ret = s->peers[peer];
}

/* In the place of the kernel: there is a way back. */
bool host_changes_has_default4(const struct host_changes *c)
{
	(void)c;
	return true;
}

bool host_changes_default4_in(const struct host_changes *c, uint32_t vrf)
{
	(void)c, (void)vrf;
	return true;
}

void host_changes_link(const struct host_changes *c, uint32_t ifindex, struct iface *ret)
{
	(void)c, (void)ifindex;
	*ret = (struct iface){ 0 };
}

struct bed {
	struct bgp_speaker speaker;
	struct reconcile reconcile;
	struct peer_log *log;
	struct captured_log lines;
};

static void add_peer(struct bed *b, uint32_t addr)
{
	size_t i = b->speaker.n++;
	b->speaker.configs[i] = (struct bgp_peer_config){ .addr = addr_v4(addr), .port = 179 };
	b->speaker.peers[i] = (struct bgp_peer_status){ .config = &b->speaker.configs[i],
							.state = BGP_IDLE,
							.peer_as = 65000,
							.hold_time = 90,
							.last_error = "",
							.hint = "",
							.path_trouble = "" };
}

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ 0 };
	log_setup(LOG_INFO, LOG_TEXT);
	captured_log_begin(&b.lines);
	add_peer(&b, 0xc0000201);
	b.log = peer_log_new(&b.speaker, &b.reconcile);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	peer_log_free(b->log);
	captured_log_end(&b->lines);
	return 0;
}

static struct bgp_peer_status *first(struct bed *b)
{
	return &b->speaker.peers[0];
}

static void set_up(struct bgp_peer_status *p)
{
	p->state = BGP_ESTABLISHED;
	p->ipv4_unicast = p->ipv6_unicast = true;
	p->next_hop4 = addr_v4(0xc0000202);
	p->next_hop6 = (struct addr){ .family = AF_INET6, .bytes = { 0x20, 1 } };
}

static void expect(struct bed *b, const char *lines)
{
	peer_log_update(b->log);
	captured_log_expect(&b->lines, lines);
}

static void test_a_session_goes_up_and_down(void **state)
{
	struct bed *b = *state;
	expect(b, "");
	set_up(first(b));
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s\n");
	expect(b, "");
	first(b)->state = BGP_IDLE;
	first(b)->last_error = "Hold timer expired";
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended: Hold timer expired\n");
	expect(b, "");
}

static void test_the_families_of_a_session(void **state)
{
	struct bed *b = *state;
	set_up(first(b));
	first(b)->ipv6_unicast = false;
	first(b)->graceful_restart = true;
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4, hold time 90s, "
		  "graceful restart\n");
	first(b)->state = BGP_IDLE;
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended\n");
	set_up(first(b));
	first(b)->ipv4_unicast = false;
	first(b)->graceful_restart = false;
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv6, hold time 90s\n");
	first(b)->state = BGP_IDLE;
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended\n");
	set_up(first(b));
	first(b)->ipv4_unicast = first(b)->ipv6_unicast = false;
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, no address family, hold "
		  "time 90s\n");
}

/* Retried every few seconds: one line for as long as nothing else is learnt. */
static void test_a_failure_is_said_once_and_again_after_a_session(void **state)
{
	struct bed *b = *state;
	const char *refused = "WARN  bgp: peer 192.0.2.1: Connection refused\n";
	first(b)->last_error = "Connection refused";
	expect(b, refused);
	expect(b, "");
	first(b)->last_error = "Connection timed out";
	expect(b, "WARN  bgp: peer 192.0.2.1: Connection timed out\n");
	first(b)->last_error = "Connection refused";
	expect(b, refused);
	set_up(first(b));
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s\n");
	first(b)->state = BGP_IDLE;
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended: Connection refused\n");
}

static void test_a_hint_is_said_once(void **state)
{
	struct bed *b = *state;
	static const char hint[] = "is the password right?";
	first(b)->hint = hint;
	expect(b, "WARN  bgp: peer 192.0.2.1: is the password right?\n");
	expect(b, "");
	first(b)->hint = "";
	expect(b, "");
	first(b)->hint = hint;
	expect(b, "WARN  bgp: peer 192.0.2.1: is the password right?\n");
}

static void test_how_often_a_notification_came(void **state)
{
	struct bed *b = *state;
	set_up(first(b));
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s\n");
	first(b)->state = BGP_IDLE;
	first(b)->last_error = "Cease";
	first(b)->state_since = 100 * USEC_PER_SEC;
	first(b)->notice = (struct bgp_notice){ .first_at = 40 * USEC_PER_SEC,
						.at = 100 * USEC_PER_SEC,
						.count = 3 };
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended: Cease (3 times within 1m)\n");
}

/* The NOTIFICATIONs were before; this session ended for another reason. */
static void test_an_older_notification_is_not_counted(void **state)
{
	struct bed *b = *state;
	set_up(first(b));
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s\n");
	first(b)->state = BGP_IDLE;
	first(b)->state_since = 200 * USEC_PER_SEC;
	first(b)->notice = (struct bgp_notice){ .at = 100 * USEC_PER_SEC, .count = 3 };
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended\n");
}

static void test_a_path_is_lost_and_restored(void **state)
{
	struct bed *b = *state;
	first(b)->path_trouble = "interface eth0 is down";
	first(b)->last_error = "No route to host";
	expect(b, "WARN  bgp: peer 192.0.2.1: No route to host\n"
		  "WARN  bgp: peer 192.0.2.1: interface eth0 is down\n");
	expect(b, "");
	first(b)->path_trouble = "";
	expect(b, "INFO  bgp: peer 192.0.2.1: path to peer restored\n");
}

static void test_a_path_that_ends_the_session_is_said_once(void **state)
{
	struct bed *b = *state;
	set_up(first(b));
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s\n");
	first(b)->state = BGP_IDLE;
	first(b)->path_trouble = first(b)->last_error = "interface eth0 is down";
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended: interface eth0 is down\n");
}

/* A session over another path stays up, and the same trouble was the end of the last one. */
static void test_a_path_that_is_lost_under_a_session_is_said(void **state)
{
	struct bed *b = *state;
	set_up(first(b));
	first(b)->last_error = "interface eth0 is down";
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s\n");
	first(b)->path_trouble = "interface eth0 is down";
	expect(b, "WARN  bgp: peer 192.0.2.1: interface eth0 is down\n");
}

static void test_vips_that_a_peer_cannot_get(void **state)
{
	struct bed *b = *state;
	set_up(first(b));
	first(b)->ipv6_unicast = false;
	first(b)->next_hop4 = (struct addr){ 0 };
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4, hold time 90s\n");
	b->reconcile.counts = (struct vip_counts){ .owned4 = 1, .owned6 = 2 };
	expect(b, "WARN  bgp: announcement errors: [peer 192.0.2.1: no IPv4 address to be the next "
		  "hop, set local_ip], of 1 VIP\n"
		  "WARN  bgp: announcement errors: [peer 192.0.2.1: IPv6 unicast was not "
		  "negotiated], of 2 VIPs\n");
	expect(b, "");
	first(b)->next_hop4 = addr_v4(0xc0000202);
	b->reconcile.counts.owned6 = 0;
	expect(b, "");
	b->reconcile.counts.owned6 = 2;
	expect(b, "WARN  bgp: announcement errors: [peer 192.0.2.1: IPv6 unicast was not "
		  "negotiated], of 2 VIPs\n");
}

static void test_a_router_without_graceful_restart(void **state)
{
	struct bed *b = *state;
	b->speaker.configs[0].graceful_restart = true;
	set_up(first(b));
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s\n"
		  "WARN  bgp: peer 192.0.2.1: does not offer graceful restart, it drops our routes "
		  "when the session ends\n");
	peer_log_restart(b->log);
	captured_log_expect(&b->lines, "WARN  bgp: peer 192.0.2.1: no graceful restart, it drops "
				       "our routes until the next start\n");
	first(b)->graceful_restart = true;
	peer_log_restart(b->log);
	captured_log_expect(&b->lines, "");
}

/* Told where the session has graceful restart: else that it has none was told. */
static void test_a_router_without_long_lived_graceful_restart(void **state)
{
	struct bed *b = *state;
	b->speaker.configs[0].graceful_restart = true;
	b->speaker.configs[0].long_lived_restart_time = 3600 * USEC_PER_SEC;
	first(b)->graceful_restart = true;
	set_up(first(b));
	expect(b,
	       "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
	       "90s, graceful restart\n"
	       "WARN  bgp: peer 192.0.2.1: does not offer long-lived graceful restart (RFC 9494), "
	       "it drops our routes when restart_time expires: enable it on the router, or remove "
	       "long_lived_restart_time\n");
	expect(b, "");
	first(b)->state = BGP_IDLE;
	expect(b, "WARN  bgp: peer 192.0.2.1: session ended\n");
	first(b)->long_lived = true;
	set_up(first(b));
	expect(b, "INFO  bgp: peer 192.0.2.1: established with AS 65000, IPv4 and IPv6, hold time "
		  "90s, graceful restart\n");
}

/* A reload puts another peer before it. */
static void test_a_reload_repeats_nothing(void **state)
{
	struct bed *b = *state;
	first(b)->last_error = "Connection refused";
	expect(b, "WARN  bgp: peer 192.0.2.1: Connection refused\n");
	b->speaker.n = 0;
	add_peer(b, 0xc0000209);
	add_peer(b, 0xc0000201);
	b->speaker.peers[0].last_error = b->speaker.peers[1].last_error = "Connection refused";
	peer_log_change(b->log);
	expect(b, "WARN  bgp: peer 192.0.2.9: Connection refused\n");
	b->speaker.configs[1].port = 1179; /* another one on the same host */
	peer_log_change(b->log);
	expect(b, "WARN  bgp: peer 192.0.2.1: Connection refused\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_session_goes_up_and_down),
		TEST(test_the_families_of_a_session),
		TEST(test_a_failure_is_said_once_and_again_after_a_session),
		TEST(test_a_hint_is_said_once),
		TEST(test_how_often_a_notification_came),
		TEST(test_an_older_notification_is_not_counted),
		TEST(test_a_path_is_lost_and_restored),
		TEST(test_a_path_that_ends_the_session_is_said_once),
		TEST(test_a_path_that_is_lost_under_a_session_is_said),
		TEST(test_vips_that_a_peer_cannot_get),
		TEST(test_a_router_without_graceful_restart),
		TEST(test_a_router_without_long_lived_graceful_restart),
		TEST(test_a_reload_repeats_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
