export const KAFKAJS_VERSION = '2.2.4';

/**
 * SHA-256 of each file of kafkajs that the seam replaces, overrides or relies upon, under `src/`. Any other content and
 * the package refuses to load: an override written for one text proves nothing about another.
 */
export const KAFKAJS_FILES = {
  replaced: {
    'protocol/requests/fetch/v4/decodeMessages.js': 'd9fede59bebf84ee15169d0ecc54df594a11722b6ba8d5db535ed1d8548d4fcc',
    'consumer/batch.js': '04ee8657247441599f200af5871ce6b3c4463abe941b97405502f8f5f683face',
  },
  overridden: {
    'consumer/consumerGroup.js': 'f3e461738585a8dc6574c647123a18afc732f81cdee4f9f7bb62e4aa1dffbfbb',
    'consumer/runner.js': 'fad3247df2e3ba483b94e014e5c5916fd72d7bdfc3b3dfccc5232b60da18306d',
    'broker/index.js': '9cbea8898528c439c213080f99d86974460114f81b5034c49aeb593a0337ca90',
    'cluster/brokerPool.js': '9994863e891ac2ab243f27f941ef87893889f53d64aa580353fafbb8d11614c6',
    'network/connection.js': '2a993b2e74421ca6d846efd59e4ba74b11100dbe7d40d0f52ea3218e917aafdd',
    'network/connectionPool.js': 'ecba4ba6fc4f2a6e5f336b838b573dcca3f01fb39542530841d68691fe4957de',
    'network/requestQueue/index.js': 'b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c',
  },
  reliedUpon: {
    'consumer/index.js': 'cdf5b3d7c67364b2b55a5c491225c08318054b515e079fa3aa7b7d9f4d8d19dd',
    'consumer/fetchManager.js': '9a07c96b6150d654ab47c3fe7f98a6ae9c3fc3fdf340ad8001d69dc25e3131d0',
    'consumer/fetcher.js': 'a9418ebe7cffdbac79408ebf176450e508420bb2cdb2ae51d79bf4ee1a244c16',
    'consumer/worker.js': 'c9171739b9a2394d585093cb08298c3a7f1d9e6b1de43750076bf60c9735a74d',
    'consumer/workerQueue.js': '3da110b5e8a16cc535f2c90846bd7b25041b60a0bccbe0c098487c116f8c89cb',
    'consumer/seekOffsets.js': 'db3e353a3c81d0d65b74970d81c8acf1a877441f11cda7503d886a039d4298ad',
    'consumer/subscriptionState.js': 'c51f24251b58ee5d7f6a49d3df3b424be0bfe4f2a100b89e08707e0175bc1214',
    'consumer/offsetManager/index.js': 'bd1041968ae322324ebf64d2569308db19d24f70ee5dbb72c964b43bfe85c00e',
    'consumer/offsetManager/initializeConsumerOffsets.js': 'f90f5a6d501a8b89b5150de39829d595d7b448e18da605d06e74763ca0f95c43',
    'cluster/index.js': '3831a6845e4e9fb0de73d5ff50a3695974fb8a927acde677c524fe1c362bd57d',
    'cluster/connectionPoolBuilder.js': '05a6be8bbf9e2bb9de56e7fc66e1f752799271ebe595575d57f244d8de198233',
    'network/socket.js': '9922c37e8a4d9e6b040e3bf8d6d74ca9f4c39c3c875deadc0f9dc5052e714ebe',
    'protocol/requests/fetch/index.js': 'b0961e16fca52023266570255c23e30cd770b3813bb5d75f879fe6b1609ea7c5',
    'protocol/requests/fetch/v5/response.js': '1e58c4d4cbbaf6c6cf5cfc80bfb02b7fa28476419179ea239684b86b0b5e9da7',
    'protocol/requests/fetch/v6/response.js': 'bb6d38ea1dd5d6f7e4ef0c5be2a450f5e64c0d315cd41c1fc0b1e12e027a1b8f',
    'protocol/requests/fetch/v7/response.js': '4ae978ae62b17c7d71d35839410dc94976cf678e99425e7b6f307d9edd8ee261',
    'protocol/requests/fetch/v8/response.js': 'e7324cd257fe00868e3b52a004038f9bdc5ca47c93ddecff5b92d8d6f3a3c55d',
    'protocol/requests/fetch/v9/response.js': '39b02fa944883861a9c35a45498c24786c8c8385aee7f5c6ebb08f513ee0d7f8',
    'protocol/requests/fetch/v10/response.js': '6664b89aed6272189835ba19e0be6f4017e951574ab7333afb45fe2df1659939',
    'protocol/requests/fetch/v11/response.js': '9cb972647500104e7d616edcb4856119f4a716664b64bbb1ee96c8f4f0a83eb6',
    'protocol/requests/fetch/v11/request.js': 'e652bb05ffab315d19dd3e75ac878d49af47182b7600f419a8d5b4633976a5cd',
    'protocol/requests/fetch/v1/response.js': '176e26ce9f0f6447df4f83ef325a48e240319a3c00ccb35037125c68dac70557',
    'protocol/requests/fetch/v0/response.js': 'd2113e87d8609a79c630e617785ee9205a49d6f4cd8a5d04306ff625a457d1c6',
    'protocol/requests/offsetCommit/v5/request.js': '6ce07df24bee535379f0a23e1ecb1976fd739ef206dd7619cb76999dc75bc5af',
    'protocol/decoder.js': '83c43fac8d6b8ef2dcf0dfe8bc4494e84c2c94d2b59fbe41a670505a5fcba41b',
    'protocol/encoder.js': '9977889e184a9e910e4f6098c36ec6a0ca36c183aa6ead0f24191b6aa1c9a777',
    'protocol/request.js': '2270900ca6474026c11957fe71ac586881985460ed2554db22ad8870dcaff634',
    'protocol/error.js': '8911e3226a8aebddc2fffe2b2504379f966b804995dd911713c8c495c3673188',
    'retry/index.js': '6b10590bb8c285ee93ea323990052aac888edfe81deabd3dff89ec13ca8c6acf',
    'errors.js': 'bb3e50177a7b73f4cd35b3318d50a2fc50d9e631488c6ae89669b31aee25c926',
    'env.js': '0ad765f5f643cdfad2d50c0658950dddc0a41797b26b5052c6b4cc5d1bff4d82',
    'loggers/index.js': '86c9e625c9310dcabcd731a591ab7036710b95936c8ea3f08698ecfd74222cd2',
    'utils/sharedPromiseTo.js': '064400319bdfecea95ad5f2e553e61df197179b906093299dc6511743944254a',
  },
} as const;
