import { checkpoint } from 'weft/task';

/** One slice, on any worker. */
export function square(first, last, numbers) {
  checkpoint(); // a task that has been cancelled ends here
  for (let i = first; i < last; i++) numbers[i] *= numbers[i];
}
