"""Programs of the operator's that render: config management plugins of Argo CD, and Jsonnet."""
