/* clickhouse-local out of libchdb.so; told to listen, it is a server. */
#include <stdio.h>
#include <unistd.h>
void *chdb_query_cmdline(int argc, char **argv);
const char *chdb_result_error(void *);
int main(int argc, char **argv) {
  void *result = chdb_query_cmdline(argc, argv);
  const char *error = result ? chdb_result_error(result) : "no result";
  if (error) fprintf(stderr, "%s\n", error);
  fflush(NULL);
  _exit(error ? 1 : 0);
}
