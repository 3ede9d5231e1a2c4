// SPDX-License-Identifier: GPL-2.0-only
/*
 * afalg-call.c - uses the kernel's cryptography through AF_ALG sockets, for workloads of the
 * oracle.
 *
 *	afalg-call TYPE NAME KEY-SIZE IV-SIZE LENGTH... [, TYPE NAME ...]
 *
 * TYPE is hash, skcipher or aead. What is encrypted is decrypted again and must be the same; an
 * aead must refuse a wrong tag. A program of its own because Python's start alone is more than
 * all of this takes, where every instruction is logged.
 */
#include <err.h>
#include <errno.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX		8192
#define ASSOCIATED	16	/* bytes in front of what an aead encrypts; all accept 16 */
#define TAG		16

static unsigned char pattern[MAX], there[MAX], back[MAX];

struct transform {
	int fd;
	int aead;
	size_t iv_size;
};

/* Return: what recv() returned. */
static ssize_t pass(const struct transform *t, unsigned int operation, unsigned char *from,
		    size_t size, unsigned char *to, size_t expected)
{
	union {
		struct cmsghdr align;
		char bytes[512];
	} control = { .bytes = { 0 } };
	struct iovec data = { from, size };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	size_t length = CMSG_SPACE(sizeof(operation));
	int fd = accept(t->fd, NULL, NULL);
	ssize_t got;

	if (fd < 0)
		err(1, "accept");
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(operation)), SOL_ALG, ALG_SET_OP };
	memcpy(CMSG_DATA(c), &operation, sizeof(operation));
	if (t->iv_size) {
		struct af_alg_iv *iv;

		c = CMSG_NXTHDR(&message, c);
		*c = (struct cmsghdr){ CMSG_LEN(sizeof(*iv) + t->iv_size), SOL_ALG, ALG_SET_IV };
		iv = (void *)CMSG_DATA(c);
		iv->ivlen = t->iv_size;
		memcpy(iv->iv, pattern, t->iv_size);
		length += CMSG_SPACE(sizeof(*iv) + t->iv_size);
	}
	if (t->aead) {
		unsigned int associated = ASSOCIATED;

		c = CMSG_NXTHDR(&message, c);
		*c = (struct cmsghdr){
			CMSG_LEN(sizeof(associated)), SOL_ALG, ALG_SET_AEAD_ASSOCLEN
		};
		memcpy(CMSG_DATA(c), &associated, sizeof(associated));
		length += CMSG_SPACE(sizeof(associated));
	}
	message.msg_controllen = length;
	if (sendmsg(fd, &message, 0) != (ssize_t)size)
		err(1, "sendmsg");
	got = recv(fd, to, expected, 0);
	close(fd);
	return got;
}

static void both_ways(const struct transform *t, size_t length)
{
	size_t front = t->aead ? ASSOCIATED : 0, tag = t->aead ? TAG : 0, plain = front + length;

	if (pass(t, ALG_OP_ENCRYPT, pattern, plain, there, plain + tag) != (ssize_t)(plain + tag))
		err(1, "%zu bytes, encrypted", length);
	if (pass(t, ALG_OP_DECRYPT, there, plain + tag, back, plain) != (ssize_t)plain)
		err(1, "%zu bytes, decrypted", length);
	if (memcmp(pattern, back, plain))
		errx(1, "%zu bytes came back different", length);
	if (!t->aead)
		return;
	there[plain + tag - 1] ^= 1;
	if (pass(t, ALG_OP_DECRYPT, there, plain + tag, back, plain) >= 0 || errno != EBADMSG)
		errx(1, "%zu bytes: a wrong tag was accepted", length);
}

static void digest(const struct transform *t, size_t length)
{
	int fd = accept(t->fd, NULL, NULL);

	if (fd < 0)
		err(1, "accept");
	if (send(fd, pattern, length, 0) != (ssize_t)length || recv(fd, back, 64, 0) <= 0)
		err(1, "%zu bytes", length);
	close(fd);
}

/* Return: the first argument that is not its own. */
static char **use(char **arg)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG };
	struct transform t = { .fd = socket(AF_ALG, SOCK_SEQPACKET, 0) };
	int hash = !strcmp(arg[0], "hash");
	size_t key_size = strtoul(arg[2], NULL, 0);

	t.aead = !strcmp(arg[0], "aead");
	t.iv_size = strtoul(arg[3], NULL, 0);
	snprintf((char *)address.salg_type, sizeof(address.salg_type), "%s", arg[0]);
	snprintf((char *)address.salg_name, sizeof(address.salg_name), "%s", arg[1]);
	if (t.fd < 0 || bind(t.fd, (void *)&address, sizeof(address)))
		err(1, "%s", arg[1]);
	if (key_size && setsockopt(t.fd, SOL_ALG, ALG_SET_KEY, pattern, key_size))
		err(1, "%s: key", arg[1]);
	if (t.aead && setsockopt(t.fd, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, TAG))
		err(1, "%s: tag", arg[1]);
	for (arg += 4; *arg && strcmp(*arg, ","); arg++) {
		size_t length = strtoul(*arg, NULL, 0);

		if (length > MAX - ASSOCIATED - TAG)
			errx(1, "%zu bytes are too many", length);
		if (hash)
			digest(&t, length);
		else
			both_ways(&t, length);
	}
	close(t.fd);
	return arg;
}

int main(int argc, char **argv)
{
	char **arg = argv + 1;
	int i;

	for (i = 0; i < MAX; i++)
		pattern[i] = i * 7;
	while (arg + 4 < argv + argc) {
		arg = use(arg);
		arg += *arg != NULL;
	}
	return 0;
}
