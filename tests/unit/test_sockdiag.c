/* SPDX-License-Identifier: MIT */
#include "net/sockdiag.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/addr.h"
#include "lib/array.h"
#include "tests/unit/own_netns.h"

#define PORT    5353
#define OWN4    "10.9.9.9"
#define OWN6    "2001:db8::9"
#define SERVED4 "192.0.2.53"
#define SERVED6 "2001:db8:53::53"

/* System calls of a service, and the queries that find it. */
enum {
	BOUND = 1,
	LISTENING = 2,
	CONNECTED = 4,
	V6ONLY = 8,
	DEVICE = 16,
	SHUT = 32,
	LO = 64,
	FREE = 128, /* the address need not be there */
};

/* Whom a service serves: clients of a VIP of each family, of the host's own addresses, and this
 * host itself at a loopback address. */
enum { VIP4 = 1, VIP6 = 2, OWN = 4, OWN_6 = 8, LOCAL = 16 };
#define ALL_V4 (VIP4 | OWN | LOCAL)
#define ALL_V6 (VIP6 | OWN_6)

static const struct {
	const char *name;
	int type;
	const char *addr;
	unsigned did;
	unsigned serves;
} services[] = {
	{ "tcp, all of v4", SOCK_STREAM, "0.0.0.0", BOUND | LISTENING, ALL_V4 },
	{ "tcp, one v4 address", SOCK_STREAM, OWN4, BOUND | LISTENING, OWN },
	{ "tcp, the VIP", SOCK_STREAM, SERVED4, BOUND | LISTENING | FREE, VIP4 },
	{ "tcp, another VIP", SOCK_STREAM, "192.0.2.54", BOUND | LISTENING | FREE, 0 },
	{ "tcp, a loopback address", SOCK_STREAM, "127.0.0.53", BOUND | LISTENING, LOCAL },
	{ "tcp, dual-stack", SOCK_STREAM, "::", BOUND | LISTENING, ALL_V4 | ALL_V6 },
	{ "tcp, v6 only", SOCK_STREAM, "::", BOUND | LISTENING | V6ONLY, ALL_V6 },
	{ "tcp, one v6 address", SOCK_STREAM, OWN6, BOUND | LISTENING, OWN_6 },
	{ "tcp, the v6 VIP", SOCK_STREAM, SERVED6, BOUND | LISTENING | FREE, VIP6 },
	{ "tcp, the v6 loopback address", SOCK_STREAM, "::1", BOUND | LISTENING, 0 },
	{ "tcp, one v4-mapped address", SOCK_STREAM, "::ffff:" OWN4, BOUND | LISTENING, OWN },
	{ "tcp, a v4-mapped loopback address", SOCK_STREAM, "::ffff:127.0.0.53", BOUND | LISTENING,
	  LOCAL },
	{ "tcp, bound to lo", SOCK_STREAM, "0.0.0.0", BOUND | LISTENING | LO, LOCAL },
	{ "tcp, bound to another device", SOCK_STREAM, "0.0.0.0", BOUND | LISTENING | DEVICE,
	  ALL_V4 },
	{ "tcp, dual-stack on another device", SOCK_STREAM, "::", BOUND | LISTENING | DEVICE,
	  ALL_V4 | ALL_V6 },
	{ "tcp, v6 only on another device", SOCK_STREAM, "::", BOUND | LISTENING | DEVICE | V6ONLY,
	  ALL_V6 },
	{ "tcp, bound but not listening", SOCK_STREAM, "0.0.0.0", BOUND, 0 },
	{ "tcp, one address, not listening", SOCK_STREAM, "::1", BOUND, 0 },
	{ "tcp, no longer listening", SOCK_STREAM, "0.0.0.0", BOUND | LISTENING | SHUT, 0 },
	{ "udp, all of v4", SOCK_DGRAM, "0.0.0.0", BOUND, ALL_V4 },
	{ "udp, one v4 address", SOCK_DGRAM, OWN4, BOUND, OWN },
	{ "udp, the VIP", SOCK_DGRAM, SERVED4, BOUND | FREE, VIP4 },
	{ "udp, a loopback address", SOCK_DGRAM, "127.0.0.53", BOUND, LOCAL },
	{ "udp, a loopback address on lo", SOCK_DGRAM, "127.0.0.53", BOUND | LO, LOCAL },
	{ "udp, dual-stack", SOCK_DGRAM, "::", BOUND, ALL_V4 | ALL_V6 },
	{ "udp, v6 only", SOCK_DGRAM, "::", BOUND | V6ONLY, ALL_V6 },
	{ "udp, one v6 address", SOCK_DGRAM, OWN6, BOUND, OWN_6 },
	{ "udp, connected: a client", SOCK_DGRAM, "127.0.0.1", BOUND | CONNECTED, 0 },
	{ "no socket", SOCK_STREAM, "0.0.0.0", 0, 0 },
};

static int serve_as(int type, const char *addr, unsigned what)
{
	struct addr a;
	struct sockaddr_storage ss;
	assert_int_equal(addr_parse(addr, &a), 0);
	int fd = socket(a.family, type | SOCK_CLOEXEC, 0), did = (int)what;
	assert_true(fd >= 0);
	if (did & V6ONLY)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &did, sizeof(did)), 0);
	if (did & DEVICE)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "v0", 3), 0);
	if (did & LO)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	if (did & FREE)
		assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &did, sizeof(did)), 0);
	socklen_t len = addr_to_sockaddr(&a, PORT, 0, &ss);
	if (did & BOUND)
		assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	if (did & LISTENING)
		assert_int_equal(listen(fd, 1), 0);
	if (did & SHUT)
		assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
	if (did & CONNECTED) {
		len = addr_to_sockaddr(&a, PORT + 1, 0, &ss);
		assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	}
	return fd;
}

static int serve(size_t i)
{
	return serve_as(services[i].type, services[i].addr, services[i].did);
}

static void collect(uint16_t port, const struct listener *l, void *userdata)
{
	(void)port;
	listeners_add(userdata, l);
}

struct of_all {
	struct listeners found;
	uint16_t port;
};

static void collect_one_port(uint16_t port, const struct listener *l, void *userdata)
{
	struct of_all *all = userdata;
	if (port == all->port)
		listeners_add(&all->found, l);
}

/* The exact lookup, the walk over one port and that over all ports agree; only the first does not
 * see sockets that are bound to a device. */
static bool is_served(struct sockdiag *sd, const struct listener_place *place)
{
	struct of_all all = { .port = place->port };
	struct listeners one = { 0 };
	bool exact = false, bound = false;
	assert_int_equal(sockdiag_find(sd, place, &exact), 0);
	assert_int_equal(sockdiag_walk(sd, place->proto, place->port, collect, &one), 0);
	assert_int_equal(sockdiag_walk(sd, place->proto, 0, collect_one_port, &all), 0);
	listeners_sort(&one);
	listeners_sort(&all.found);
	bool yes = listeners_serve(&one, place);
	assert_int_equal(listeners_serve(&all.found, place), yes);
	for (size_t i = 0; i < one.n; i++)
		bound |= one.items[i].ifindex != 0;
	if (!bound)
		assert_int_equal(exact, yes);
	listeners_done(&one);
	listeners_done(&all.found);
	return yes;
}

static struct listener_place place_of(const char *addr, uint8_t proto, uint16_t port, bool local)
{
	struct addr a;
	assert_int_equal(addr_parse(addr, &a), 0);
	return (struct listener_place){
		.at = prefix_of_host(&a), .proto = proto, .local = local, .port = port
	};
}

static unsigned served(struct sockdiag *sd, uint8_t proto, uint16_t port)
{
	static const char *const places[] = { SERVED4, SERVED6, OWN4, OWN6, "127.0.0.53" };
	unsigned ret = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct listener_place p = place_of(places[i], proto, port, 1U << i == LOCAL);
		if (is_served(sd, &p))
			ret |= 1U << i;
	}
	return ret;
}

static bool listening(struct sockdiag *sd, uint8_t proto, uint16_t port)
{
	const struct listener_place p = place_of(SERVED4, proto, port, false);
	return is_served(sd, &p);
}

static void test_services(void **state)
{
	struct sockdiag *sd = *state;
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		int fd = serve(i);
		bool is_tcp = services[i].type == SOCK_STREAM;
		unsigned tcp = served(sd, IPPROTO_TCP, PORT), udp = served(sd, IPPROTO_UDP, PORT);
		if (tcp != (is_tcp ? services[i].serves : 0) ||
		    udp != (is_tcp ? 0 : services[i].serves))
			fail_msg("%s: tcp %#x udp %#x", services[i].name, tcp, udp);
		/* Not the neighbours, not the port with its bytes swapped. */
		assert_int_equal(served(sd, IPPROTO_TCP, PORT + 1), 0);
		assert_int_equal(served(sd, IPPROTO_UDP, PORT - 1), 0);
		assert_int_equal(served(sd, IPPROTO_TCP, __builtin_bswap16(PORT)), 0);
		close(fd);
		assert_int_equal(served(sd, IPPROTO_TCP, PORT), 0);
		assert_int_equal(served(sd, IPPROTO_UDP, PORT), 0);
	}
}

/* A VIP that is a network is served by a listener on one of its addresses. */
static void test_network(void **state)
{
	struct sockdiag *sd = *state;
	struct listener_place net = { .proto = IPPROTO_TCP, .port = PORT };
	struct listeners found = { 0 };
	assert_int_equal(prefix_parse("192.0.2.0/24", &net.at, NULL), 0);
	int fd = serve_as(SOCK_STREAM, SERVED4, BOUND | LISTENING | FREE);
	assert_int_equal(sockdiag_walk(sd, IPPROTO_TCP, PORT, collect, &found), 0);
	assert_int_equal(found.n, 1);
	assert_true(listeners_serve(&found, &net));
	net.at.len = 32;
	assert_false(listeners_serve(&found, &net));
	listeners_done(&found);
	close(fd);
}

static const struct {
	const char *bound;
	unsigned did;
	const char *at; /* an address where something listens */
	const char *not_at;
} places[] = {
	{ "127.0.0.53", BOUND, "127.0.0.53", "127.0.0.1" },
	{ "127.0.0.53", BOUND | LO, "127.0.0.53", "127.0.0.54" },
	{ "::1", BOUND, "::1", "127.0.0.1" },
	{ OWN4, BOUND, OWN4, "127.0.0.1" },
	{ "0.0.0.0", BOUND, "127.0.0.1", "::1" },
	{ "::", BOUND, "127.0.0.1", NULL },
	{ "::", BOUND | LO, "127.0.0.1", NULL },
	{ "::", BOUND | V6ONLY, OWN6, OWN4 },
	{ "0.0.0.0", BOUND, "0.0.0.0", "::" }, /* a monitor may name it so */
};

static bool listening_at(struct sockdiag *sd, uint8_t proto, const char *text)
{
	bool yes = false;
	struct addr addr;
	assert_int_equal(addr_parse(text, &addr), 0);
	assert_int_equal(sockdiag_listening_at(sd, proto, &addr, PORT, &yes), 0);
	return yes;
}

static void check_place(struct sockdiag *sd, size_t i, int type)
{
	uint8_t proto = type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
	int fd = serve_as(type, places[i].bound,
			  places[i].did | (type == SOCK_STREAM ? LISTENING : 0));
	if (!listening_at(sd, proto, places[i].at))
		fail_msg("%s is not served at %s", places[i].bound, places[i].at);
	if (places[i].not_at && listening_at(sd, proto, places[i].not_at))
		fail_msg("%s is served at %s", places[i].bound, places[i].not_at);
	close(fd);
	assert_false(listening_at(sd, proto, places[i].at));
}

static void test_places(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		check_place(*state, i, SOCK_STREAM);
		check_place(*state, i, SOCK_DGRAM);
	}
}

/* A connection to a port that once was served is not a listener. */
static void test_established_is_not_listening(void **state)
{
	struct sockdiag *sd = *state;
	struct addr a = addr_v4(INADDR_LOOPBACK);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&a, PORT, 0, &ss);
	int server = serve(0), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&ss, len), 0);
	int accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	assert_true(listening(sd, IPPROTO_TCP, PORT));
	close(server);
	assert_false(listening(sd, IPPROTO_TCP, PORT));
	close(client);
	close(accepted);
	assert_false(listening(sd, IPPROTO_TCP, PORT)); /* TIME_WAIT */
}

/* One of several that share the port remains. */
static void test_shared_port(void **state)
{
	struct sockdiag *sd = *state;
	struct addr a = addr_v4(INADDR_ANY);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&a, PORT, 0, &ss);
	int fds[2];
	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		setsockopt(fds[i], SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int));
		assert_int_equal(bind(fds[i], (struct sockaddr *)&ss, len), 0);
	}
	close(fds[0]);
	assert_true(listening(sd, IPPROTO_UDP, PORT));
	close(fds[1]);
	assert_false(listening(sd, IPPROTO_UDP, PORT));
}

enum { FDS = 1024 };

static void scan_fds(bool open[static FDS])
{
	for (int fd = 0; fd < FDS; fd++)
		open[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* A query binds no port, so it cannot take one from a service that starts; and children do not
 * inherit its socket. */
static void test_leaves_no_trace(void **state)
{
	(void)state;
	struct sockdiag *sd;
	bool before[FDS], after[FDS], asked[FDS];
	scan_fds(before);
	assert_int_equal(sockdiag_new(&sd, NULL), 0);
	scan_fds(after);
	for (int fd = 0; fd < FDS; fd++)
		if (after[fd] && !before[fd])
			assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	listening(sd, IPPROTO_TCP, PORT);
	scan_fds(asked);
	assert_memory_equal(asked, after, sizeof(after));
	sockdiag_free(sd);
	scan_fds(after);
	assert_memory_equal(before, after, sizeof(after));
}

/* Not "no" but "cannot say": the answer is left alone. */
static void test_cannot_ask(void **state)
{
	struct sockdiag *sd = *state;
	bool yes = true;
	struct addr addr = addr_v4(INADDR_LOOPBACK);
	assert_true(sockdiag_listening_at(sd, 250, &addr, PORT, &yes) < 0);
	assert_true(yes);
}

static int setup(void **state)
{
	struct sockdiag *sd;
	struct err err;
	own_netns_enter();
	assert_int_equal(shell("ip link add v0 type veth peer name v1 && ip link set v0 up && "
			       "ip addr add " OWN4 "/24 dev v0 && ip addr add " OWN6
			       "/64 dev v0 nodad"),
			 0);
	if (sockdiag_new(&sd, &err) < 0)
		fail_msg("%s", err.text);
	*state = sd;
	return 0;
}

static int teardown(void **state)
{
	sockdiag_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_established_is_not_listening),
		cmocka_unit_test(test_shared_port),
		cmocka_unit_test(test_leaves_no_trace),
		cmocka_unit_test(test_cannot_ask),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
