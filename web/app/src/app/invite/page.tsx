import { Application } from '@/components/Application';

export default function Page() {
  return <Application />;
}
