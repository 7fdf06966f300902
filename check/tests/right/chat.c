/* chat, both ends: `chat client HOST PORT`, `chat server PORT`. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static char text[2049];

static int is_fin(ssize_t size) { return size == 3 && memcmp(text, "fin", 3) == 0; }

static ssize_t type(void) {
    printf("> ");
    if (!fgets(text, sizeof text, stdin)) exit(1);
    return strcspn(text, "\n");
}

int main(int count, char **words) {
    int sock = socket(AF_INET, SOCK_DGRAM, 0), client = count == 4;
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(atoi(words[count - 1]))};
    socklen_t length = sizeof peer;
    if (client) inet_pton(AF_INET, words[2], &peer.sin_addr);
    else if (bind(sock, (struct sockaddr *)&peer, length) < 0) return perror("bind"), 1;
    int known = client;
    for (int mine = client;; mine = !mine) {
        ssize_t size;
        if (mine) {
            size = type();
            sendto(sock, text, size, 0, (struct sockaddr *)&peer, length);
        } else {
            struct sockaddr_in from;
            do {
                length = sizeof from;
                size = recvfrom(sock, text, 2048, 0, (struct sockaddr *)&from, &length);
            } while (known && (from.sin_port != peer.sin_port || from.sin_addr.s_addr != peer.sin_addr.s_addr));
            peer = from, known = 1;
            printf("%.*s\n", (int)size, text);
        }
        if (is_fin(size)) return 0;
    }
}
