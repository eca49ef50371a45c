#!/bin/bash
# sbatch deploy/slurm.sh TASKS.jsonl FOLDER      a Ray cluster for as long as one batch lasts; FOLDER on a shared disk
#SBATCH --job-name=motionalchemy
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail
tasks=$1 folder=$2 port=6379
nodes=($(scontrol show hostnames "$SLURM_JOB_NODELIST"))
head=$(srun --nodes=1 --ntasks=1 -w "${nodes[0]}" hostname --ip-address | awk '{print $1}')
export RAY_DISABLE_USAGE_STATS=1
srun --nodes=1 --ntasks=1 -w "${nodes[0]}" --overlap \
  ray start --head --node-ip-address="$head" --port=$port --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --block &
sleep 20
for node in "${nodes[@]:1}"; do
  srun --nodes=1 --ntasks=1 -w "$node" --overlap ray start --address="$head:$port" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
done
sleep 20
motionalchemy batch "$tasks" -o "$folder" --on "$head:$port"
