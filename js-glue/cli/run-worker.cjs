// The package has the bundle of run-worker.js in this one's place.
import('./run-worker.js');
