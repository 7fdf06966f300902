// echo, capitals and welcome on one epoll loop: the least that a C program does.
//
//     server EXERCISE PORT
//
// Capitals are those of ASCII and of the letters from À to ÿ in UTF-8, which is what Spanish needs.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST 65536
static const char BANNER[] = "Bienvenido al Servidor";
static const char SLOW[] = "wait 20 ms";

// Writes the capitals of n bytes, of which there are never more.
static size_t capitals(const unsigned char *in, size_t n, unsigned char *out) {
  if (n == sizeof SLOW - 1 && !memcmp(in, SLOW, n)) usleep(20000);
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = in[i];
    if (c >= 'a' && c <= 'z') {
      out[m++] = c - 32;
    } else if (c == 0xC3 && i + 1 < n) {
      unsigned char d = in[++i];
      if (d == 0x9F) {  // ß
        out[m++] = 'S', out[m++] = 'S';
      } else if (d == 0xBF) {  // ÿ
        out[m++] = 0xC5, out[m++] = 0xB8;
      } else {
        out[m++] = c, out[m++] = d >= 0xA0 && d <= 0xBE && d != 0xB7 ? d - 32 : d;
      }
    } else {
      out[m++] = c;
    }
  }
  return m;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void echo(int s) {
  static unsigned char in[LONGEST], out[LONGEST];
  struct sockaddr_in peer;
  for (;;) {
    socklen_t len = sizeof peer;
    ssize_t n = recvfrom(s, in, sizeof in, 0, (void *)&peer, &len);
    if (n >= 0) sendto(s, out, capitals(in, n, out), 0, (void *)&peer, len);
  }
}

static void welcome(int s) {
  for (;;) {
    int c = accept4(s, NULL, NULL, SOCK_CLOEXEC);
    if (c < 0) continue;
    if (send(c, BANNER, sizeof BANNER - 1, MSG_NOSIGNAL) < 0) perror("send");
    close(c);
  }
}

struct connection {
  int fd;
  size_t begun;           // bytes of a line whose end has not come
  unsigned char *line;    // only while there are any
};

// Answers what has come; 0 once the connection is over.
static int serve(struct connection *c) {
  static unsigned char in[2 * LONGEST], out[2 * LONGEST];
  for (;;) {
    if (c->begun) memcpy(in, c->line, c->begun);
    ssize_t n = recv(c->fd, in + c->begun, LONGEST, 0);
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return 0;
    size_t all = c->begun + n, from = 0, m = 0;
    int fin = 0;
    for (unsigned char *end; !fin && (end = memchr(in + from, '\n', all - from));) {
      size_t len = end - (in + from), start = m;
      if (len && in[from + len - 1] == '\r') len--;
      m += capitals(in + from, len, out + m);
      fin = m - start == 3 && !memcmp(out + start, "FIN", 3);
      out[m++] = '\n';
      from = end - in + 1;
    }
    if (m && send(c->fd, out, m, MSG_NOSIGNAL) < 0) return 0;
    c->begun = all - from;
    free(c->line);
    c->line = NULL;
    if (fin || c->begun > LONGEST) return 0;
    if (c->begun) memcpy(c->line = malloc(c->begun), in + from, c->begun);
    if (n < LONGEST) return 1;
  }
}

static void talk(int s) {
  int e = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event ready[256], one = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(e, EPOLL_CTL_ADD, s, &one);
  for (;;) {
    int n = epoll_wait(e, ready, 256, -1);
    for (int i = 0; i < n; i++) {
      struct connection *c = ready[i].data.ptr;
      if (!c) {
        int fd = accept4(s, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        c = calloc(1, sizeof *c);
        c->fd = fd;
        one = (struct epoll_event){.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};
        epoll_ctl(e, EPOLL_CTL_ADD, fd, &one);
      } else if (!serve(c)) {
        close(c->fd);
        free(c->line);
        free(c);
      }
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "server EXERCISE PORT\n"), 2;
  struct rlimit most;
  if (!getrlimit(RLIMIT_NOFILE, &most)) most.rlim_cur = most.rlim_max, setrlimit(RLIMIT_NOFILE, &most);
  int datagrams = !strcmp(argv[1], "echo"), on = 1;
  int s = socket(AF_INET, datagrams ? SOCK_DGRAM : SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2])),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (!datagrams) setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(s, (void *)&at, sizeof at)) die("bind");
  if (datagrams) echo(s);
  if (listen(s, 1024)) die("listen");
  strcmp(argv[1], "welcome") ? talk(s) : welcome(s);
}
