/* submit, client: `submit_client HOST PORT`; asks for the name, the DNI and the code. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void ask(const char *what, char *line, int size) {
    printf("%s: ", what);
    if (!fgets(line, size, stdin)) exit(1);
    line[strcspn(line, "\n")] = 0;
}

int main(int count, char **words) {
    char name[256], dni[64], code[64], message[512], reply[1025];
    if (count < 3) return 2;
    ask("Nombre", name, sizeof name);
    ask("DNI", dni, sizeof dni);
    ask("OTP", code, sizeof code);
    int size = snprintf(message, sizeof message, "%s&%s&%s", name, dni, code);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    inet_pton(AF_INET, words[1], &server.sin_addr);
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(sock, (struct sockaddr *)&server, sizeof server) < 0) return perror("connect"), 1;
    send(sock, message, size, 0);
    shutdown(sock, SHUT_WR);
    for (ssize_t got; (got = recv(sock, reply, 1024, 0)) > 0;) printf("%.*s", (int)got, reply);
    puts("");
    return 0;
}
