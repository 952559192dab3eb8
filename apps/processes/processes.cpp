#include "apps/processes/processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "apps/support/spinning.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// The first of these variables that holds a number, or `otherwise`.
int number_of(std::initializer_list<const char*> variables, int otherwise) {
  for (const char* variable : variables) {
    const char* text = std::getenv(variable);
    if (text != nullptr && *text != '\0') return std::atoi(text);
  }
  return otherwise;
}

/// Which of them a launcher says that this is, before MPI can be asked.
int launched_rank() {
  return number_of({"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"}, 0);
}

}  // namespace

// Of Open MPI's mpirun, MPICH's, and srun. SLURM_NTASKS is no sign: a batch script has it too.
int launched_processes() {
  return std::max(number_of({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}, 1), 1);
}

void OneProcess::swap(std::span<const std::byte> given, const std::vector<ChunkRange>&,
                      std::span<std::byte> taken) {
  std::copy(given.begin(), given.end(), taken.begin());
}

std::vector<std::string> gather_texts(Processes& processes, const std::string& own) {
  const std::vector<Index> sizes = gather_each(processes, static_cast<Index>(own.size()));
  std::vector<ChunkRange> parts;
  Index end = 0;
  for (const Index size : sizes) {
    parts.push_back({end, end + size});
    end += size;
  }
  std::string all(static_cast<std::size_t>(end), '\0');
  std::copy(own.begin(), own.end(),
            all.begin() + parts[static_cast<std::size_t>(processes.rank())].begin);
  gather(processes, std::span<char>(all), parts);
  std::vector<std::string> texts;
  for (const ChunkRange& part : parts) {
    texts.emplace_back(all.begin() + part.begin, all.begin() + part.end);
  }
  return texts;
}

std::vector<ChunkRange> shares(const Processes& processes, Index total) {
  std::vector<ChunkRange> parts;
  for (Index p = 0; p < processes.count(); ++p) {
    parts.push_back(even_share(total, processes.count(), p));
  }
  return parts;
}

int run_together(const std::string& program, char** argv,
                 const std::function<int(Processes&)>& run) {
  bound_spinning(argv);
  std::unique_ptr<Processes> processes;
  try {
    processes = connect_processes();
  } catch (const Error& problem) {
    if (launched_rank() == 0) fmt::print(stderr, "{}: {}\n", program, problem.what());
    return 1;
  }
  return processes->leave(run(*processes));
}

}  // namespace dmf
